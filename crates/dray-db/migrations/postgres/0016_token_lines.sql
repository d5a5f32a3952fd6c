-- The first token of the line that a token belongs to: tokens that it created, tokens that replaced it, and so on. Rate limits
-- count by it. Null: the token itself, as for all tokens that are older than this column.
alter table tokens add column line_id text;
