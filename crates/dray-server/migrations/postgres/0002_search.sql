-- Finding items by the words of their names. The words are ready: no text search configuration splits or stems
-- them, whatever the locale of the cluster.
alter table items add column word_vector tsvector not null
    generated always as (array_to_tsvector(string_to_array(words, ' '))) stored;

create index items_by_word on items using gin (word_vector);
-- The newest of all that one user owns, or of all there are: where common words are found faster.
create index items_newest_of_owner on items (workspace_id, owner_id, created_at desc, id desc);
create index items_newest on items (workspace_id, created_at desc, id desc);
