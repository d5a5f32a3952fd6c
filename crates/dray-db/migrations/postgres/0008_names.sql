-- How many items have `name_key` and `words` by the rules of a version of Dray (NAME_RULES in drive/name.rs).
-- No row means none. `up_to` is the last item that was updated; null means that all were.
create table name_rules (
    one bigint primary key not null check (one = 1),
    version bigint not null,
    up_to text
);
