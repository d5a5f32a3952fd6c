-- Finding items by the words of their names, among all that one user owns in a workspace or all there are. Only the index
-- is kept here; the words are in items, ready for it: there is nothing left to do but to split them at spaces.
create virtual table item_words using fts5 (
    words,
    whose,
    content = '',
    contentless_delete = 1,
    prefix = '1 2 3',
    tokenize = "ascii"
);

-- Which item a row of item_words is about: the later it was made, the higher. Not the rowid of items: `vacuum`
-- may change that.
create table item_docs (
    doc integer primary key,
    item_id text not null unique
);

create trigger items_added after insert on items begin
    insert into item_docs (item_id) values (new.id);
    insert into item_words (rowid, words, whose)
        select doc, new.words, new.owner_id || ' ' || new.workspace_id from item_docs where item_id = new.id;
end;

create trigger items_renamed after update of words on items when new.words <> old.words begin
    update item_words set words = new.words, whose = new.owner_id || ' ' || new.workspace_id
        where rowid = (select doc from item_docs where item_id = new.id);
end;

create trigger items_removed after delete on items begin
    delete from item_words where rowid = (select doc from item_docs where item_id = old.id);
    delete from item_docs where item_id = old.id;
end;
