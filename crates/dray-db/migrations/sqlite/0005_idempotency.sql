-- What requests with an Idempotency-Key have created, so that a repeat creates nothing. `answer` is JSON without
-- secrets. A request that started an upload has the upload's id instead; the upload's row says how far the start has
-- come.
create table idempotency_keys (
    token_id text not null references tokens (id) on delete cascade,
    route text not null,
    key text not null,
    user_id text not null,
    workspace_id text not null,
    fingerprint text not null,
    answer text,
    upload_id text,
    created_at bigint not null,
    primary key (token_id, route, key)
);

create index idempotency_keys_of_user on idempotency_keys (user_id, workspace_id, created_at);
create index idempotency_keys_by_age on idempotency_keys (created_at);
