-- This version adds three things: parts that refer to bytes in other parts' files, ETags that are MD5s, and tags.
--
-- digest: the source of the part's ETag, the MD5 of its bytes or half of a BLAKE3.
alter table part rename column blake3 to digest;
alter table part add column digest_is_md5 integer not null default 0;
alter table upload add column tags text not null default '[]';
alter table object add column tags text not null default '[]';

-- A part's bytes are in its own file, in its row or, if it has neither, in its pieces. `at` is where a piece begins
-- in the part. A piece is either `size` bytes, starting at `file_start`, of a file that belongs to another part (the
-- file stays when that part is gone), or bytes of its own (`inline`). `blocks` are the CRCs of the file's blocks that
-- the piece touches.
create table piece (
    part_id integer not null,
    at integer not null,
    size integer not null,
    file_part_id integer,
    file_tag integer,
    file_start integer not null,
    file_size integer not null,
    blocks blob not null,
    inline blob,
    primary key (part_id, at)
) strict, without rowid;

-- How many parts and pieces refer to a file, for files that something besides their own part has referred to at some
-- time.
create table shared_file (
    part_id integer not null,
    file_tag integer not null,
    refs integer not null,
    primary key (part_id, file_tag)
) strict, without rowid;
