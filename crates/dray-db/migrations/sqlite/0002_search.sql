-- Finds items by the beginnings of the words of their names, among the items of one user in a workspace or among all.
-- This table has only the index. The words are in items, ready to be split at spaces. The owner and the place of an
-- item are two more words. They begin in a way in which no word of a name begins. The lengths of beginnings are
-- BEGINNINGS in search.rs of dray-drive.
create virtual table item_words using fts5 (
    words,
    content = '',
    contentless_delete = 1,
    detail = none,
    prefix = '1 2 3 4 6 8 12 16 24',
    tokenize = "ascii"
);

create trigger items_added after insert on items begin
    insert into item_words (rowid, words)
        values (new.doc, new.words || ' ¤' || new.workspace_id || new.owner_id || ' ¤' || new.workspace_id);
end;

create trigger items_renamed after update of words on items when new.words <> old.words begin
    update item_words set words = new.words || ' ¤' || new.workspace_id || new.owner_id || ' ¤' || new.workspace_id
        where rowid = new.doc;
end;

create trigger items_removed after delete on items begin
    delete from item_words where rowid = old.doc;
end;
