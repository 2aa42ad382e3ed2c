/** The bodies with their places on the map, and their ranking. */
import type { CockpitRow, DistrictsFile } from '../../../schemas/cockpit.ts';
import { type Body, WHOLE_CODE } from '../../../schemas/dataset.ts';
import { parseDecimal } from '../../runtime/decimal.ts';
import { type FigureReader, figure } from './figures.ts';
import { chosen, KEY_INDICATORS } from './key-figures.ts';
import type { CockpitMonths } from './months.ts';

/** Level of a body that stands for the whole city: it is on no map and in no ranking. */
const CITY_LEVEL = '1';
/** Places of any published figure. */
const SCALE = 2;

/** A body of ARB_ORG with the district that it stands for. */
export interface PlacedBody extends Body {
  readonly districtCode: string | null;
}

/** Every body, whatever their number, then the city and what belongs to no known body; without a tile where there is none. */
export function bodyRows(
  bodies: readonly PlacedBody[],
  { tiles }: DistrictsFile,
  names: { readonly whole: string; readonly other: string },
): CockpitRow<'body'>[] {
  const tileOf = new Map(tiles.map((tile) => [tile.district, tile]));
  const all: PlacedBody[] = [
    ...bodies,
    { code: WHOLE_CODE, name: names.whole, level: '', districtCode: null },
    { code: names.other, name: names.other, level: '', districtCode: null },
  ];
  return all.map(({ code, name, level, districtCode }, index) => {
    const tile = tileOf.get(districtCode ?? '');
    return {
      org_code: code,
      org_name: name,
      org_level: level === '' ? null : level,
      district_code: districtCode,
      tile_name: tile?.name ?? null,
      tile_column: tile?.column ?? null,
      tile_row: tile?.row ?? null,
      position: index + 1,
    };
  });
}

/** The place of every district among the districts, by each key figure: a body sees its own place and no other's. */
export function rankingRows(figures: FigureReader, months: CockpitMonths): CockpitRow<'ranking'>[] {
  const districts = figures.bodies.filter(({ level }) => level !== CITY_LEVEL);
  return chosen(figures, KEY_INDICATORS).flatMap(({ id }) =>
    months.shown.flatMap(({ month, isProvisional }) => {
      const values = districts.map(({ code }) => ({ code, value: figure(figures, month, code, id) }));
      const places = placesOf(values.flatMap(({ value }) => (value === null ? [] : [value])));
      return values.map(({ code, value }) => ({
        org_code: code,
        month,
        is_provisional: isProvisional ? (1 as const) : (0 as const),
        indicator_id: id,
        value,
        place: value === null ? null : (places.get(parseDecimal(value, SCALE)) ?? null),
        places: values.filter((one) => one.value !== null).length,
      }));
    }),
  );
}

/** The place of each value, the greatest first: 1, 1, 3 where two are equal. */
function placesOf(values: readonly string[]): ReadonlyMap<bigint, number> {
  const sorted = values
    .map((value) => parseDecimal(value, SCALE))
    .sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
  const places = new Map<bigint, number>();
  for (const [index, value] of sorted.entries()) if (!places.has(value)) places.set(value, index + 1);
  return places;
}
