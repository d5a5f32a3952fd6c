-- The mark that the database from which this drive was moved has, too. The first server here replaces it, so that nothing works with
-- that database and this store any more.
alter table store_mark add column old_id text;
