;; CRC-64/NVME over bytes in the module's own memory, eight bytes a step ("slicing by eight").
;; Knows nothing of files: crc64.ts copies bytes to the memory after its first page and calls `update`.
;; The polynomial is 0xad93d23594c93659 (NVM Express, "NVM Command Set", 64b CRC); here with its bits reversed, as the
;; checksum takes the lowest bit of each byte first.
(module
  ;; The first page holds eight tables of 256 entries of 8 bytes; the sixteen after it hold the bytes.
  (memory (export "memory") 17)

  ;; Table 0: what a byte becomes after eight steps.
  (func $first (param $n i32) (result i64)
    (local $crc i64) (local $bit i32)
    (local.set $crc (i64.extend_i32_u (local.get $n)))
    (loop $bits
      (local.set $crc
        (i64.xor
          (i64.shr_u (local.get $crc) (i64.const 1))
          (i64.and
            (i64.sub (i64.const 0) (i64.and (local.get $crc) (i64.const 1)))
            (i64.const 0x9a6c9329ac4bc9b5))))
      (local.set $bit (i32.add (local.get $bit) (i32.const 1)))
      (br_if $bits (i32.lt_u (local.get $bit) (i32.const 8))))
    (local.get $crc))

  ;; Table k: what an entry of table k - 1 becomes after one more byte that is zero.
  (func $tables
    (local $n i32) (local $before i64)
    (loop $bytes
      (i64.store (i32.shl (local.get $n) (i32.const 3)) (call $first (local.get $n)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $n) (i32.const 256))))
    (loop $entries
      (local.set $before (i64.load (i32.shl (i32.sub (local.get $n) (i32.const 256)) (i32.const 3))))
      (i64.store (i32.shl (local.get $n) (i32.const 3))
        (i64.xor
          (i64.shr_u (local.get $before) (i64.const 8))
          (i64.load (i32.shl (i32.and (i32.wrap_i64 (local.get $before)) (i32.const 255)) (i32.const 3)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $entries (i32.lt_u (local.get $n) (i32.const 2048)))))
  (start $tables)

  ;; The offset of a byte's entry in a table is the byte times 8, so a byte is shifted 3 bits less and masked by 2040.
  ;; The checksum's state after the first `length` bytes after the first page. It begins and ends inverted: so says crc64.ts.
  (func (export "update") (param $crc i64) (param $length i32) (result i64)
    (local $at i32) (local $end i32) (local $word i64)
    (local.set $at (i32.const 65536))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $words_done
      (loop $words
        (br_if $words_done (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $word (i64.xor (local.get $crc) (i64.load (local.get $at))))
        (local.set $crc
          (i64.xor
            (i64.xor
              (i64.xor
                (i64.load offset=14336 (i32.shl (i32.and (i32.wrap_i64 (local.get $word)) (i32.const 255)) (i32.const 3)))
                (i64.load offset=12288 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 5))) (i32.const 2040))))
              (i64.xor
                (i64.load offset=10240 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 13))) (i32.const 2040)))
                (i64.load offset=8192 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 21))) (i32.const 2040)))))
            (i64.xor
              (i64.xor
                (i64.load offset=6144 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 29))) (i32.const 2040)))
                (i64.load offset=4096 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 37))) (i32.const 2040))))
              (i64.xor
                (i64.load offset=2048 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 45))) (i32.const 2040)))
                (i64.load (i32.and (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 53))) (i32.const 2040)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $words)))
    (block $bytes_done
      (loop $bytes
        (br_if $bytes_done (i32.eq (local.get $at) (local.get $end)))
        (local.set $crc
          (i64.xor
            (i64.shr_u (local.get $crc) (i64.const 8))
            (i64.load
              (i32.shl
                (i32.and
                  (i32.xor (i32.wrap_i64 (local.get $crc)) (i32.load8_u (local.get $at)))
                  (i32.const 255))
                (i32.const 3)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (local.get $crc)))
