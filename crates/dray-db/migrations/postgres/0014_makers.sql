-- The token that began an upload: a token that may only upload reaches no uploads but those of itself and of the tokens
-- that come from it. Null: the upload is older than this column.
alter table uploads add column token_id text;

-- The folder to which the token that made a link was confined: the link leads only to what is in it.
alter table links add column confined_to text;

-- Keys are counted for each token, so that one token cannot make the server forget the keys of another.
drop index idempotency_keys_of_user;
create index idempotency_keys_of_token on idempotency_keys (token_id, created_at);

-- Whether an object of the store belongs to an item is asked by its key alone: an item whose bytes were replaced has
-- another id than its key ends with.
create index items_of_object on items (object_key) where object_key is not null;
