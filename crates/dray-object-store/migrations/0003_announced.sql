-- The announced size of the upload's object, if the client announced it. It limits what the upload may store.
alter table upload add column announced_bytes integer;
