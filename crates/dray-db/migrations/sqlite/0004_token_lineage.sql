-- A token that another token created ends with it. `successor_id` is the token that replaced it, `rotate_until` the
-- latest expiry that rotation can give to its successors (null: its own expiry).
alter table tokens add column parent_id text references tokens (id) on delete cascade;
alter table tokens add column rotate_until bigint;
alter table tokens add column successor_id text references tokens (id) on delete set null;

create index tokens_of_parent on tokens (parent_id) where parent_id is not null;
create index tokens_of_successor on tokens (successor_id) where successor_id is not null;
