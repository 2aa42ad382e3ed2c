-- One row per undeleted case that breaks V004: its number has not the form <CASE_WORD>劳人仲字〔YYYY〕第N号
-- with the word of its body and the year of acceptance. Where the body is unknown (V005) or the case
-- not accepted, only the rest is judged. date_part is faster than strftime, which alone fills a year before 1000 with zeros.
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  ['CASE_NO'] AS field,
  [c.case_no] AS value,
  CONCAT_WS(' ', o.case_number_word, substr(day_text(c.accept_day), 1, 4)) AS related_mark
FROM valid_case c
LEFT JOIN valid_org o ON o.org_code = c.org_code
WHERE c.is_undeleted AND c.case_no IS NOT NULL
  AND NOT CASE
    WHEN o.case_number_word IS NOT NULL AND c.accept_day >= day_number(DATE '1000-01-01') THEN
      starts_with(c.case_no,
        o.case_number_word || '劳人仲字〔' || CAST(date_part('year', day_date(c.accept_day)) AS VARCHAR) || '〕第')
      AND regexp_full_match(substr(c.case_no, length(o.case_number_word) + 12), '[0-9]{5,6}号')
    ELSE
      regexp_full_match(c.case_no, '.+劳人仲字〔[0-9]{4}〕第[0-9]{5,6}号')
      AND (o.case_number_word IS NULL OR starts_with(c.case_no, o.case_number_word || '劳人仲字〔'))
      AND (c.accept_day IS NULL
        OR contains(c.case_no, '劳人仲字〔' || strftime(day_date(c.accept_day), '%Y') || '〕第'))
  END;
