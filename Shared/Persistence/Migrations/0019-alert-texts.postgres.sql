-- The subject of an alert and the values of its properties in lower case, between them unit separators; found by any
-- part of them that has three characters or more. Without pg_trgm, which not everybody may install.

CREATE TABLE alert_texts (
    number BIGINT PRIMARY KEY, -- of the alert
    text   TEXT   NOT NULL
);
CREATE FUNCTION alert_text_trigrams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
    'SELECT coalesce(array_agg(DISTINCT substr($1, i, 3)), ''{}'') FROM generate_series(1, length($1) - 2) AS i';
INSERT INTO alert_texts (number, text)
SELECT number, lower(substr(coalesce(document::json->>'subject', '') || chr(31) || coalesce(
    (SELECT string_agg(value, chr(31)) FROM alert_properties WHERE alert_id = alerts.id), ''), 1, 16384))
FROM alerts;
-- The list of what is not in the tree yet is kept short: whoever fills it up has to put it there.
CREATE INDEX alert_texts_trigrams ON alert_texts USING gin (alert_text_trigrams(text))
    WITH (gin_pending_list_limit = 512);
