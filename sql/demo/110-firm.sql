-- One row per firm of the slice: name, credit code (GB 32100), nature and industry; all invented.
-- The organisation code inside begins with YY, which is not being issued, so that no code is that of a real
-- firm.
CREATE OR REPLACE TEMP TABLE demo_firm AS
WITH drawn AS (
  SELECT
    r.body_number,
    r.first_firm + range AS firm_id,
    range AS serial,
    demo_key(r.first_firm + range, 2) AS key,
    b.place,
    b.district_code
  FROM demo_body_range r
  JOIN demo_body b ON b.body_number = r.body_number
  CROSS JOIN LATERAL (SELECT unnest(range(r.firms)) AS range)
  WHERE r.slice = getvariable('demo_slice')
),
natured AS (
  SELECT *, demo_pick(key, 1, getvariable('demo_employer_nature')) AS employer_nature FROM drawn
),
placed AS (
  SELECT
    *,
    CASE employer_nature
      WHEN '500' THEN 'S'
      WHEN '600' THEN demo_pick(key, 2, ['P', 'Q', 'M'])
      WHEN '700' THEN 'S'
      WHEN '800' THEN demo_pick(key, 2, ['P', 'Q', 'R'])
      ELSE demo_pick(key, 2, getvariable('demo_industry'))
    END AS industry_code,
    CASE employer_nature
      WHEN '400' THEN 92000000
      WHEN '500' THEN 11000000
      WHEN '600' THEN 12000000
      WHEN '700' THEN 51000000
      WHEN '800' THEN 52000000
      ELSE 91000000
    END + district_code::BIGINT AS head,
    -- GB 11714 over Y, Y and six digits
    (340 + serial // 100000 % 10 * 9 + serial // 10000 % 10 * 10 + serial // 1000 % 10 * 5
      + serial // 100 % 10 * 8 + serial // 10 % 10 * 4 + serial % 10 * 2) % 11 AS inner_check,
    demo_pick(key, 3, getvariable('demo_brand_characters'))
      || demo_pick(key, 4, getvariable('demo_brand_characters'))
      || CASE
        WHEN demo_chance(key, 5, 400) THEN demo_pick(key, 6, getvariable('demo_brand_characters'))
        ELSE ''
      END
      AS brand
  FROM natured
),
checked AS (
  SELECT
    *,
    -- GB 32100 over the 17 characters before its own; Y counts 30, X counts 29
    (head // 10000000 + head // 1000000 % 10 * 3 + head // 100000 % 10 * 9 + head // 10000 % 10 * 27
      + head // 1000 % 10 * 19 + head // 100 % 10 * 26 + head // 10 % 10 * 16 + head % 10 * 17
      + 30 * 20 + 30 * 29 + serial // 100000 % 10 * 25 + serial // 10000 % 10 * 13 + serial // 1000 % 10 * 8
      + serial // 100 % 10 * 24 + serial // 10 % 10 * 10 + serial % 10 * 30
      + CASE inner_check WHEN 0 THEN 0 WHEN 1 THEN 29 ELSE 11 - inner_check END * 28) % 31 AS outer_check,
    demo_pick(key, 7, getvariable('demo_sector_words')[industry_code]) AS sector
  FROM placed
)
SELECT
  firm_id,
  employer_nature,
  industry_code,
  CASE WHEN demo_chance(key, 8, getvariable('demo_permille').noCreditCode) THEN NULL
    ELSE head::VARCHAR || 'YY' || lpad(serial::VARCHAR, 6, '0')
      || substr('0X987654321', 1 + inner_check, 1)
      || substr('0123456789ABCDEFGHJKLMNPQRTUWXY', 1 + (31 - outer_check) % 31, 1)
  END AS credit_code,
  CASE employer_nature
    WHEN '400' THEN place || brand || sector || '店'
    WHEN '500' THEN place || brand || '事务局'
    WHEN '600' THEN place || brand || CASE industry_code WHEN 'P' THEN '学校' WHEN 'Q' THEN '医院' ELSE '研究所' END
    WHEN '700' THEN place || brand || '协会'
    WHEN '800' THEN place || brand || '服务中心'
    WHEN '160' THEN getvariable('demo_city') || brand || sector || '股份有限公司'
    WHEN '200' THEN brand || sector || '（' || place || '）有限公司'
    WHEN '300' THEN brand || sector || '（中国）有限公司'
    ELSE getvariable('demo_city') || brand || sector || '有限公司'
  END AS name,
  getvariable('demo_city') || place || demo_pick(key, 9, getvariable('demo_roads'))
    || (1 + demo_below(key, 10, 200)) || '号' AS address
FROM checked;
