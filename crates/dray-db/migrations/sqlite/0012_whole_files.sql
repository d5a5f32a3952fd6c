-- Uploads of small files, each with one signed PUT of the whole file. `put_key` is the key that the PUT writes: the
-- object's own key if the store refuses to overwrite it, otherwise a key beside it, from which finalize copies. Null
-- means an upload in parts.
alter table uploads add column put_key text;
-- When the URL of that PUT expires, in milliseconds since 1970. Until then somebody may write the key, even after the
-- upload has ended.
alter table uploads add column put_until bigint;
-- The CRC-64/NVME of a file's bytes, if it was proved when the file was made. A client that has the same file does
-- not have to send it again.
alter table items add column crc64nvme text;
