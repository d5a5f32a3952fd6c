-- How many Completes of an upload came to nothing that proves anything: answered with an error, or not at all, and no object
-- is there. An upload that is long past its end and has had several is not completed again.
alter table uploads add column inconclusive bigint not null default 0;
