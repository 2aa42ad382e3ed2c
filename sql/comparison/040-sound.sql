-- One row per name of a pair that has to be compared by its sound; filled with the syllables of its characters.
CREATE OR REPLACE TABLE name_sound (name VARCHAR, sound VARCHAR);
