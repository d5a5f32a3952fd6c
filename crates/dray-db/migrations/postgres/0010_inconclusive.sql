-- How many Completes of an upload proved nothing: the store answered with an error or not at all, and there is no
-- object. If the upload's time is long over and several Completes have proved nothing, Dray does not try to complete
-- it again.
alter table uploads add column inconclusive bigint not null default 0;
