-- What the upload's object will have, if that was said when it was begun: it bounds what the upload may store.
alter table upload add column announced_bytes integer;
