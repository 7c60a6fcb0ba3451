-- The subject of an alert and the values of its properties in lower case, between them unit separators; found by any
-- part of them that has three characters or more.

CREATE VIRTUAL TABLE alert_texts USING fts5 (number UNINDEXED, text, tokenize = 'trigram');
INSERT INTO alert_texts (number, text)
SELECT number, lower(substr(coalesce(json_extract(document, '$.subject'), '') || char(31) || coalesce(
    (SELECT group_concat(value, char(31)) FROM alert_properties WHERE alert_id = alerts.id), ''), 1, 16384))
FROM alerts;
