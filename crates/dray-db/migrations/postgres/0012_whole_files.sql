-- Uploads of small files, each by one signed PUT of the whole object. The key that the PUT writes: the object's own if the store
-- refuses to overwrite it, else one beside it, from which a finalize copies. Null: the upload is in parts.
alter table uploads add column put_key text;
-- Until when the URL of that PUT is good, in milliseconds since 1970: until then somebody may write the key, also once the upload
-- is over.
alter table uploads add column put_until bigint;
-- The CRC-64/NVME of a file's bytes, if it was proved when the file was made: whoever has the same file need not send it again.
alter table items add column crc64nvme text;
