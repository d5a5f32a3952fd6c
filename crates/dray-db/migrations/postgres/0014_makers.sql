-- The token that began an upload. A token that may only upload reaches only its own uploads and those of the tokens that
-- come from it. Null: the upload is older than this column.
alter table uploads add column token_id text;

-- The folder to which the token that made a link was confined: the link leads only to what is in it.
alter table links add column confined_to text;

-- Keys are counted for each token, so that one token cannot make the server forget the keys of another.
drop index idempotency_keys_of_user;
create index idempotency_keys_of_token on idempotency_keys (token_id, created_at);

-- An object of the store is matched with an item by its key only, because an item whose bytes were replaced has another
-- id than the one at the end of its object's key.
create index items_of_object on items (object_key) where object_key is not null;
