-- Finds items by the beginnings of the words of their names. Each beginning is a key of the index, because a search
-- for keys with a prefix would read all of these keys before the first hit. The lengths are BEGINNINGS in search.rs
-- of dray-drive.
create function word_beginnings(words text) returns text[] language sql immutable parallel safe
    return coalesce((
        select array_agg(left(word, length))
        from unnest(string_to_array(words, ' ')) word
        cross join unnest('{1, 2, 3, 4, 6, 8, 12, 16, 24}'::integer[]) length
        where length <= char_length(word)
    ), '{}');

-- The latest additions wait in a list that every search reads, so the list is kept short.
create index items_by_beginning on items using gin (word_beginnings(words) collate "C")
    with (gin_pending_list_limit = 256);
-- The latest changes of one user's items, and of all items. Common words are found faster here.
create index items_recent_of_owner on items (workspace_id, owner_id, updated_at, id) where trashed_at is null;
create index items_recent on items (workspace_id, updated_at, id) where trashed_at is null;
