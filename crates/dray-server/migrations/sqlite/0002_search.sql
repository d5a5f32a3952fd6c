-- What listing and searching need.

-- A folder's items in the order in which they are listed.
create index items_listed on items (workspace_id, parent_id, (kind = 'file'), lower(name), name, id);
drop index items_parent;

-- The top of the drive is every user's own: it must not be read through everybody else's.
create index items_at_root on items (workspace_id, owner_id, (kind = 'file'), lower(name), name, id)
    where parent_id is null;

-- The words of names. Only the index is kept here; the names are in items. Everything but letters and digits
-- separates words; case and accents do not count.
create virtual table item_names using fts5 (
    name,
    content = '',
    contentless_delete = 1,
    prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 2"
);

-- Which item a row of item_names is about. Not the rowid of items: `vacuum` may change that.
create table item_name_rows (
    doc integer primary key,
    item_id text not null unique
);

insert into item_name_rows (item_id) select id from items;
insert into item_names (rowid, name)
    select r.doc, i.name from item_name_rows r join items i on i.id = r.item_id;

create trigger items_named after insert on items begin
    insert into item_name_rows (item_id) values (new.id);
    insert into item_names (rowid, name)
        select doc, new.name from item_name_rows where item_id = new.id;
end;

create trigger items_renamed after update of name on items when new.name <> old.name begin
    update item_names set name = new.name
        where rowid = (select doc from item_name_rows where item_id = new.id);
end;

create trigger items_unnamed after delete on items begin
    delete from item_names where rowid = (select doc from item_name_rows where item_id = old.id);
    delete from item_name_rows where item_id = old.id;
end;
