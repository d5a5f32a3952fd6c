-- How far `name_key` and `words`, which follow from names, were brought to the rules that a version of Dray has for
-- them (NAME_RULES in drive/name.rs). No row: not at all. `up_to` is the last item that was looked at; null: all were.
create table name_rules (
    one bigint primary key not null check (one = 1),
    version bigint not null,
    up_to text
);
