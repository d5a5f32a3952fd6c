-- Finding items by how the words of their names begin. Each beginning is a key of the index: to look for keys that
-- begin so would be to read all that do, before the first hit. The lengths are BEGINNINGS in drive/search.rs.
create function word_beginnings(words text) returns text[] language sql immutable parallel safe
    return coalesce((
        select array_agg(left(word, length))
        from unnest(string_to_array(words, ' ')) word
        cross join unnest('{1, 2, 3, 4, 6, 8, 12, 16, 24}'::integer[]) length
        where length <= char_length(word)
    ), '{}');

-- What was added last waits in a list, which every search reads: a short one.
create index items_by_beginning on items using gin (word_beginnings(words) collate "C")
    with (gin_pending_list_limit = 256);
-- What changed last, of all that one user owns and of all there is: where common words are found faster.
create index items_recent_of_owner on items (workspace_id, owner_id, updated_at, id) where trashed_at is null;
create index items_recent on items (workspace_id, updated_at, id) where trashed_at is null;
