-- An upload remembers the token that started it: the folder that the token was confined to, and whether it may only
-- upload.
alter table uploads add column confined_to text;
alter table uploads add column only_uploads boolean not null default false;

-- In whose trash an item is: that of every user who owned it or a folder above it when it was trashed, and that of
-- the user who trashed it. Whether they may still see it is checked when they look.
create table trash_lists (
    user_id text not null references users (id),
    workspace_id text not null references workspaces (id),
    trashed_at bigint not null,
    item_id text not null references items (id) on delete cascade,
    primary key (user_id, workspace_id, trashed_at, item_id)
);
create index trash_lists_of_item on trash_lists (item_id);

insert into trash_lists (user_id, workspace_id, trashed_at, item_id)
    with recursive up (item_id, workspace_id, trashed_at, owner_id, parent_id) as (
        select id, workspace_id, trashed_at, owner_id, parent_id from items
        where trashed_at is not null and purged_at is null
        union all
        select up.item_id, up.workspace_id, up.trashed_at, p.owner_id, p.parent_id
        from up join items p on p.id = up.parent_id
    )
    select owner_id, workspace_id, trashed_at, item_id from up
    union
    select trashed_by, workspace_id, trashed_at, id from items
    where trashed_at is not null and purged_at is null;

-- Nothing reads who trashed an item any longer.
drop index items_trashed_by;
