-- Times are milliseconds since 1970; ids are 24 hexadecimal characters. Both databases have the same tables and
-- columns. Their migrations are in separate folders, because indexes, collations and full-text search are written
-- differently.

create table workspaces (
    id text primary key not null,
    name text not null,
    slug text not null unique,
    description text not null,
    picture text,
    quota_bytes bigint check (quota_bytes >= 0),
    created_at bigint not null,
    updated_at bigint not null
);

create table users (
    id text primary key not null,
    email text not null unique,
    name text not null,
    created_at bigint not null
);

create table memberships (
    workspace_id text not null references workspaces (id),
    user_id text not null references users (id),
    role text not null check (role in ('owner', 'member')),
    quota_bytes bigint check (quota_bytes >= 0),
    created_at bigint not null,
    primary key (workspace_id, user_id)
);

-- How much each user owns in a workspace. Every transaction that changes this updates it, because a sum over items
-- would read them all.
create table usage (
    workspace_id text not null,
    user_id text not null,
    items bigint not null default 0,
    size_bytes bigint not null default 0,
    primary key (workspace_id, user_id),
    foreign key (workspace_id, user_id) references memberships (workspace_id, user_id)
);

create table uploads (
    id text primary key not null,
    workspace_id text not null references workspaces (id),
    user_id text not null references users (id),
    parent_id text,
    item_id text not null,
    name text not null,
    mime_type text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    on_conflict text not null check (on_conflict in ('keep', 'rename', 'fail', 'replace')),
    -- What start announced, and what the finalize that has the lease says.
    crc64nvme text,
    finalize_crc64nvme text,
    verify boolean not null default false,
    object_key text not null unique,
    store_token text not null,
    store_upload_id text unique,
    state text not null
        check (state in ('opening', 'open', 'completing', 'completed', 'aborted', 'expired')),
    digest text,
    lease_holder text,
    lease_until bigint,
    parts_freed_at bigint,
    created_at bigint not null,
    expires_at bigint not null
);

-- The unfinished uploads, for the sweeper.
create index uploads_unfinished on uploads (expires_at)
    where state <> 'completed' and parts_freed_at is null;

-- The announced sizes of a user's unfinished uploads, which count towards the quota.
create index uploads_of_user on uploads (user_id, workspace_id, created_at, id) where state in ('opening', 'open', 'completing');

-- `place` is where an item is listed: its folder or, at the root, its owner (no folder and user have the same id).
-- `host_id` is that folder's owner, if it is not the item's owner. `kind` is 0 for a folder and 1 for a file.
-- `name_key` sorts names as people expect, and `words` finds them. Both are derived from the name (dray-drive:
-- name.rs, search.rs). Items below a trashed folder have no mark of their own.
create table items (
    id text primary key not null,
    workspace_id text not null references workspaces (id),
    owner_id text not null references users (id),
    host_id text references users (id),
    parent_id text references items (id) deferrable,
    place text not null generated always as (coalesce(parent_id, owner_id)) stored,
    kind bigint not null check (kind in (0, 1)),
    name text not null,
    name_key text collate "C" not null,
    words text not null,
    mime_type text,
    size_bytes bigint not null,
    object_key text,
    upload_id text unique references uploads (id),
    created_at bigint not null,
    updated_at bigint not null,
    trashed_at bigint,
    trashed_by text references users (id),
    purged_at bigint,
    check ((kind = 1) = (object_key is not null and mime_type is not null)),
    check ((trashed_at is null) = (trashed_by is null)),
    check (purged_at is null or trashed_at is not null)
);

-- The items of a place, in each order of a listing.
create index items_by_name on items (place, workspace_id, kind, name_key, id) where trashed_at is null;
create index items_by_size on items (place, workspace_id, kind, size_bytes, id) where trashed_at is null;
create index items_by_created on items (place, workspace_id, kind, created_at, id) where trashed_at is null;
create index items_by_updated on items (place, workspace_id, kind, updated_at, id) where trashed_at is null;
-- Items in a user's folders that belong to others.
create index items_hosted on items (host_id, workspace_id) where host_id is not null and trashed_at is null;
-- Everything in a folder, trashed or not, because it is removed for good with the folder.
create index items_by_parent on items (parent_id) where parent_id is not null;
-- The trash of owners, the trash of those who put items there, and the items to remove for good.
create index items_trashed on items (owner_id, workspace_id, trashed_at, id)
    where trashed_at is not null and purged_at is null;
create index items_trashed_by on items (trashed_by, workspace_id, trashed_at, id)
    where trashed_at is not null and purged_at is null;
create index items_trashed_since on items (trashed_at) where trashed_at is not null and purged_at is null;
create index items_purged on items (purged_at) where purged_at is not null;

create table tokens (
    id text primary key not null,
    hash text not null unique,
    workspace_id text not null,
    user_id text not null,
    name text not null,
    scopes text not null,
    folder_id text references items (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint,
    foreign key (workspace_id, user_id) references memberships (workspace_id, user_id)
);

create index tokens_of_user on tokens (user_id, workspace_id, created_at, id);
create index tokens_of_folder on tokens (folder_id) where folder_id is not null;

-- The roles on an item and everything below it, besides the owner's.
create table participants (
    item_id text not null references items (id) on delete cascade,
    user_id text not null references users (id),
    role text not null check (role in ('viewer', 'member', 'admin')),
    created_at bigint not null,
    primary key (item_id, user_id)
);

create index participants_of_user on participants (user_id, item_id);

-- Public links to files.
create table links (
    id text primary key not null,
    item_id text not null references items (id) on delete cascade,
    slug text not null unique,
    password_hash text,
    created_by text not null references users (id),
    created_at bigint not null,
    expires_at bigint,
    downloads bigint not null default 0
);

create index links_of_item on links (item_id, created_at, id);

-- Objects that nothing refers to, until the store has removed them.
create table tombstones (
    object_key text primary key not null,
    created_at bigint not null
);

create index tombstones_by_age on tombstones (created_at);

-- Leases: work that one server at a time does for all.
create table leases (
    name text primary key not null,
    holder text not null,
    held_until bigint not null
);

-- Events to post to webhooks, one row for each address.
create table outbox (
    url text not null,
    event text not null,
    body text not null,
    attempts bigint not null,
    next_at bigint not null,
    created_at bigint not null,
    primary key (url, event)
);
create index outbox_due on outbox (url, next_at);
create index outbox_old on outbox (created_at);
