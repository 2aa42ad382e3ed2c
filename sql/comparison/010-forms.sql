-- No rows: how names and numbers are made comparable where their characters are plain. NFKC is not known to the engine:
-- what is not plain has its form in compared_text.
CREATE MACRO without_spaces(text) AS
  translate(text, '（）　 ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160), '()');

-- Characters that NFKC leaves alone next to each other, besides the spaces and brackets above.
CREATE MACRO is_plain_form(text) AS regexp_full_match(without_spaces(text), '[!-~\x{4E00}-\x{9FFF}·〔〕]*');

CREATE MACRO plain_name_form(text) AS NULLIF(without_spaces(text), '');
CREATE MACRO plain_number_form(text) AS NULLIF(upper(without_spaces(text)), '');
