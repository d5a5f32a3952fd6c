-- Times are milliseconds since 1970, CRCs and tags are bit patterns in signed integers, headers are JSON.
-- Small columns come before `blocks` and `inline`, so that reading them needs no overflow page.

create table bucket (
    id integer primary key,
    name text not null unique,
    created_at integer not null
) strict;

create table upload (
    set_id integer primary key,
    token blob not null,
    bucket integer not null,
    key text not null,
    created_at integer not null,
    headers text not null,
    algorithm text not null,
    checksum_type text not null
) strict;
create index upload_by_key on upload (bucket, key, set_id);

-- id: set id and part number in one, see `ids.rs`. file_tag: null when the bytes are in `inline`.
create table part (
    id integer primary key,
    size integer not null,
    crc64 integer not null,
    modified_at integer not null,
    file_tag integer,
    checksum blob,
    blake3 blob not null,
    blocks blob not null,
    inline blob
) strict;

create table object (
    bucket integer not null,
    key text not null,
    set_id integer not null,
    token blob,
    size integer not null,
    etag text not null,
    modified_at integer not null,
    headers text not null,
    layout blob not null,
    algorithm text not null,
    checksum_type text not null,
    checksum blob not null,
    primary key (bucket, key)
) strict, without rowid;

-- Sets that no upload and no object refers to, until their files are removed.
create table garbage_set (set_id integer primary key) strict;
create table garbage_file (
    part_id integer not null,
    file_tag integer not null,
    primary key (part_id, file_tag)
) strict, without rowid;

-- One row: whether the last process closed the store in an orderly way, with each file named by a row or removed.
create table shutdown (clean integer not null) strict;
insert into shutdown values (1);
