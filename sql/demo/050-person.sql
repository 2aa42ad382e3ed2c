-- No rows: a person's name and citizen number from the person's key.

-- Invented names: a surname by its frequency, and one or two characters.
CREATE OR REPLACE TEMP MACRO demo_person_name(key, purpose) AS
  demo_pick(key, purpose, getvariable('demo_surname'))
  || demo_pick(key, purpose + 1, getvariable('demo_given_characters'))
  || CASE WHEN demo_chance(key, purpose + 2, getvariable('demo_permille').oneCharacterName) THEN ''
    ELSE demo_pick(key, purpose + 3, getvariable('demo_given_characters')) END;

-- The first 17 digits of a citizen number; demo_citizen_number adds the check. The four digits after the
-- province
-- (0190 to 0199) name no county, so that no number is that of a real person.
CREATE OR REPLACE TEMP MACRO demo_person_stem(key, district_code, birth_day, gender) AS
  (
    CASE WHEN getvariable('demo_size') = 'nation' AND demo_chance(key, 6, 800)
      THEN substr(district_code, 1, 2) ELSE demo_pick(key, 7,
        getvariable('demo_home_province')) END::BIGINT * 10000
    + 190 + demo_below(key, 8, 10)
  ) * 100000000000
  + demo_ymd(birth_day) * 1000
  + demo_below(key, 9, 500) * 2 + CASE gender WHEN '1' THEN 1 ELSE 0 END;
