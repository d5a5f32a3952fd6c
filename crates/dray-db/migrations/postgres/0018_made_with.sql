-- The token with which a link or a file request was made. They do not end with it, so an operator who revokes a token has to know what
-- it made. Null: made by an earlier version, or by nobody's token.
alter table links add column made_with text;
alter table requests add column made_with text;
create index links_made_with on links (made_with) where made_with is not null;
create index requests_made_with on requests (made_with) where made_with is not null;
