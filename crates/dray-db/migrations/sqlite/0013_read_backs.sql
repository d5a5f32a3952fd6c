-- How far the object of an upload was read back, starting at its beginning, and the CRC-64/NVME of these bytes (its
-- 64 bits, as a signed number). A row exists only until the whole object was read. After that,
-- `uploads.proven_crc64nvme` has the result.
create table read_backs (
    upload_id text primary key references uploads (id) on delete cascade,
    read_bytes integer not null,
    crc64nvme integer not null
) strict;
