-- One row per name that is compared by its sound: the syllables of its characters; a character without one stands for
-- itself. The characters' tones are left out, as they are mostly typed.
CREATE OR REPLACE TABLE name_sound AS
WITH spelt AS (
  SELECT name, unnest(string_split(name, '')) AS character, generate_subscripts(string_split(name, ''), 1) AS place
  FROM heard_name
)
SELECT s.name, string_agg(COALESCE(y.syllable, s.character), ' ' ORDER BY s.place) AS sound
FROM spelt s
LEFT JOIN syllable y ON y.character = s.character
GROUP BY s.name;
