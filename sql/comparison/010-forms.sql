-- No rows: how names and numbers are made comparable where their characters are plain, and which texts are not: NFKC is
-- not known to the engine.

-- Texts that are their own form: ideographs and printable ASCII, which NFKC leaves alone next to each other; no small
-- letters in numbers. Nearly all are, and one regular expression says so.
CREATE MACRO is_name_form(text) AS regexp_full_match(text, '[!-~\x{4E00}-\x{9FFF}]+');
CREATE MACRO is_number_form(text) AS regexp_full_match(text, '[!-`{-~]+');

CREATE MACRO without_spaces(text) AS
  translate(text, '（）　 ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160), '()');
CREATE MACRO is_plain(text) AS regexp_full_match(without_spaces(text), '[!-~\x{4E00}-\x{9FFF}·〔〕]*');

CREATE MACRO plain_name_form(text) AS CASE
  WHEN is_name_form(text) THEN text
  WHEN is_plain(text) THEN NULLIF(without_spaces(text), '') END;
CREATE MACRO plain_number_form(text) AS CASE
  WHEN is_number_form(text) THEN text
  WHEN is_plain(text) THEN NULLIF(upper(without_spaces(text)), '') END;
CREATE MACRO odd_name(text) AS CASE WHEN is_name_form(text) THEN NULL WHEN NOT is_plain(text) THEN text END;
CREATE MACRO odd_number(text) AS CASE WHEN is_number_form(text) THEN NULL WHEN NOT is_plain(text) THEN text END;
