-- The announced size of the upload's object, if it was announced: it bounds what the upload may store.
alter table upload add column announced_bytes integer;
