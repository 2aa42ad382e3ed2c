/** 各区分布与排名: a map of tiles, or the bureau's own map, with the ranking beside it. */
import { h } from '../../lib/dom.js';
import { table } from '../../lib/table.js';
import { figure, plainName, size } from '../../lib/words.js';
import { chart, echarts, tip } from '../charts.js';
import { bodyName, drawPanel, drillable, monthOf } from '../panel.js';
import { WHOLE } from '../view.js';

/** @typedef {import('../view.js').View} View */
/** @typedef {import('../view.js').Row<'body'>} Body */
/** @typedef {import('../view.js').Row<'ranking'>} Ranked */
/** @typedef {{ readonly id: string, readonly name: string, readonly unit: string }} Indicator */

const STEPS = 5;

/**
 * @param {View} view
 * @param {unknown} ownMap the bureau's GeoJSON, if there is one
 */
export function drawDistricts(view, ownMap) {
  const indicators = indicatorsOf(view);
  const chosen = indicators.find(({ id }) => id === view.choice.mapFigure) ?? indicators[0];
  if (chosen === undefined) return;
  if (!view.hasWhole) {
    drawOwnPlaces(view, indicators);
    return;
  }
  const rows = view
    .all('districts', 'ranking')
    .filter(({ indicator_id, month }) => indicator_id === chosen.id && month === view.month);
  const scale = scaleOf(rows);
  drawPanel(view, {
    name: 'districts',
    title: '各区分布与排名',
    of: monthOf(view),
    controls: figureSelect(view, indicators, chosen),
    chart: () =>
      h(
        'div',
        { class: 'city' },
        h(
          'div',
          { class: 'map' },
          ownMap === undefined
            ? tiles(view, { rows, chosen, scale })
            : geoMap(view, { rows, chosen, scale, ownMap }),
          legend(scale, chosen),
        ),
        ranking(view, rows, chosen),
      ),
    table: () => rankingTable(view, rows, chosen),
  });
}

/**
 * Who sees one district sees its place among all of them, and no other's figures.
 * @param {View} view
 * @param {readonly Indicator[]} indicators
 */
function drawOwnPlaces(view, indicators) {
  const rows = view
    .own('districts', 'ranking')
    .filter(({ month }) => month === view.month)
    .flatMap((row) => {
      const indicator = indicators.find(({ id }) => id === row.indicator_id);
      return indicator === undefined ? [] : [{ ...row, indicator }];
    });
  drawPanel(view, {
    name: 'districts',
    title: '本区位次',
    of: `各区由高到低，${monthOf(view)}`,
    chart: () =>
      table(
        [
          { title: '指标', isHead: true, value: ({ indicator }) => indicator.name },
          {
            title: '数值',
            kind: 'number',
            value: ({ indicator, value }) => [
              drillable(view, value, { figure: indicator.id, title: indicator.name, unit: indicator.unit }),
              value === null ? '' : indicator.unit,
            ],
          },
          {
            title: '位次',
            kind: 'number',
            value: ({ place, places }) => (place === null ? '—' : `${place} / ${places}`),
          },
        ],
        rows,
        `本区在各区中的位次，${monthOf(view)}`,
      ),
  });
}

/**
 * The key figures, of which the ranking has a place for each district.
 * @param {View} view
 * @returns {Indicator[]}
 */
function indicatorsOf(view) {
  return view
    .all('key-figures', 'key_figure')
    .filter(({ org_code, month }) => org_code === view.choice.body && month === view.month)
    .map(({ indicator_id, indicator_name, unit }) => ({
      id: indicator_id,
      name: plainName(indicator_name),
      unit,
    }));
}

/**
 * @param {View} view
 * @param {readonly Indicator[]} indicators
 * @param {Indicator} chosen
 */
function figureSelect(view, indicators, chosen) {
  const change = (/** @type {Event} */ event) =>
    view.page.choose({ mapFigure: /** @type {HTMLSelectElement} */ (event.target).value });
  return h(
    'select',
    { 'aria-label': '地图与排名的指标', 'data-focus': 'map-figure', on: { change } },
    indicators.map(({ id, name }) => h('option', { value: id, selected: id === chosen.id }, name)),
  );
}

/**
 * Five steps with as many districts in each: where two of them have most of the cases, the others still differ.
 * @param {readonly Ranked[]} rows
 */
function scaleOf(rows) {
  const values = rows.flatMap(({ value }) => (value === null ? [] : [value]));
  /** @param {string | null} value */
  const step = (value) => {
    if (value === null) return undefined;
    const below = values.filter((other) => size(other) < size(value)).length;
    return Math.min(STEPS - 1, Math.floor((below / values.length) * STEPS));
  };
  const bounds = Array.from({ length: STEPS }, (_, place) => {
    const within = values.filter((value) => step(value) === place).toSorted((a, b) => size(a) - size(b));
    return /** @type {const} */ ([within[0], within.at(-1)]);
  });
  return { step, bounds };
}
/** @typedef {ReturnType<typeof scaleOf>} Scale */

/** @param {Scale} scale @param {Indicator} chosen */
function legend({ bounds }, { unit }) {
  return h(
    'p',
    { class: 'steps' },
    bounds.flatMap(([from, to], place) =>
      from === undefined
        ? []
        : [
            h(
              'span',
              null,
              h('i', { class: `step-${place}` }),
              from === to ? figure(from) : `${figure(from)}–${figure(to)}`,
            ),
          ],
    ),
    h('span', null, `单位：${unit}`),
  );
}

/** @typedef {{ readonly rows: readonly Ranked[], readonly chosen: Indicator, readonly scale: Scale }} Shown */

/**
 * @param {View} view
 * @param {Shown} shown
 */
function tiles(view, { rows, chosen, scale }) {
  const placed = view.bodies.filter(({ tile_column, tile_row }) => tile_column !== null && tile_row !== null);
  const first = Math.min(...placed.map(({ tile_column }) => tile_column ?? 0));
  const top = Math.min(...placed.map(({ tile_row }) => tile_row ?? 0));
  const columns = Math.max(...placed.map(({ tile_column }) => tile_column ?? 0)) - first + 1;
  const lines = Math.max(...placed.map(({ tile_row }) => tile_row ?? 0)) - top + 1;
  return h(
    'div',
    {
      class: 'map-tiles',
      role: 'group',
      'aria-label': `各区${chosen.name}，按方位排列的示意图`,
      style: { '--columns': columns, '--rows': lines },
    },
    placed.map((body) => {
      const row = rows.find(({ org_code }) => org_code === body.org_code);
      const step = scale.step(row?.value ?? null);
      const name = bodyName(view, body.org_code);
      const isChosen = view.choice.body === body.org_code;
      return h(
        'button',
        {
          type: 'button',
          class: `map-tile ${step === undefined ? 'no-value' : `step-${step}`}`,
          'aria-pressed': isChosen,
          'aria-label': `${name} ${chosen.name} ${figure(row?.value)}${chosen.unit}，${isChosen ? '返回全市' : '查看该区'}`,
          'data-focus': `tile-${body.org_code}`,
          style: { '--column': (body.tile_column ?? 0) - first + 1, '--row': (body.tile_row ?? 0) - top + 1 },
          on: { click: () => chooseBody(view, body.org_code) },
        },
        h('span', { class: 'who' }, name.replace(/区$/, '')),
        h('span', { class: 'figure' }, figure(row?.value)),
      );
    }),
  );
}

/** The body, or the whole again. @param {View} view @param {string} code */
function chooseBody(view, code) {
  if (view.hasWhole) view.page.choose({ body: view.choice.body === code ? WHOLE : code });
}

/**
 * The bureau's own map; its features are found by district code or name.
 * @param {View} view
 * @param {Shown & { readonly ownMap: unknown }} shown
 */
function geoMap(view, { rows, chosen, scale, ownMap }) {
  const features = featuresOf(ownMap);
  echarts.registerMap('districts', /** @type {any} */ ({ type: 'FeatureCollection', features }));
  const bodies = new Map(view.bodies.map((body) => [body.district_code ?? '', body]));
  const data = features.map(({ properties }) => {
    const body = bodies.get(properties.name);
    const row = rows.find(({ org_code }) => org_code === body?.org_code);
    return { name: properties.name, code: body?.org_code, value: row?.value ?? null };
  });
  const nameOf = (/** @type {string} */ district) => {
    const code = bodies.get(district)?.org_code;
    return code === undefined ? district : bodyName(view, code);
  };
  return chart({
    label: `各区${chosen.name}地图；数值见右侧排名`,
    className: 'geo',
    click: ({ dataIndex }) => {
      const code = data[dataIndex]?.code;
      if (code !== undefined) chooseBody(view, code);
    },
    option: (look) => ({
      ...look.common,
      tooltip: {
        ...look.common.tooltip,
        trigger: 'item',
        formatter: (/** @type {any} */ { dataIndex }) =>
          tip(nameOf(data[dataIndex]?.name ?? ''), [
            [chosen.name, `${figure(data[dataIndex]?.value)}${chosen.unit}`],
          ]),
      },
      series: [
        {
          type: 'map',
          map: 'districts',
          left: 0,
          right: 0,
          top: 0,
          bottom: 0,
          selectedMode: false,
          labelLayout: { hideOverlap: true },
          itemStyle: { areaColor: look.colour('inset'), borderColor: look.colour('panel') },
          emphasis: { itemStyle: { areaColor: look.colour('bar') }, label: { color: look.colour('text') } },
          data: data.map(({ name, value }) => {
            const step = scale.step(value);
            return {
              name,
              value: size(value),
              itemStyle: { areaColor: look.colour(step === undefined ? 'inset' : `step-${step}`) },
              label: {
                show: true,
                fontSize: look.px(0.7),
                color: look.colour(step !== undefined && step > 2 ? 'on-step-dark' : 'on-step-light'),
                formatter: `${nameOf(name).replace(/区$/, '')}\n${figure(value)}`,
              },
            };
          }),
        },
      ],
    }),
  });
}

/**
 * Features by district code: that of `adcode`, `code` or `district_code`, or of `name` itself.
 * @param {unknown} ownMap
 * @returns {{ properties: { name: string } }[]}
 */
function featuresOf(ownMap) {
  const { features = [] } = /** @type {{ features?: { properties?: Record<string, unknown> }[] }} */ (ownMap);
  return features.map((feature) => {
    const { adcode, code, district_code: district, name } = feature.properties ?? {};
    return {
      ...feature,
      properties: { ...feature.properties, name: String(adcode ?? code ?? district ?? name ?? '') },
    };
  });
}

/**
 * @param {View} view
 * @param {readonly Ranked[]} rows
 * @param {Indicator} chosen
 */
function ranking(view, rows, chosen) {
  const most = Math.max(1, ...rows.map(({ value }) => size(value)));
  return h(
    'ol',
    { class: 'bars ranking', 'aria-label': `各区${chosen.name}排名` },
    inOrder(rows).map((row) => {
      const name = bodyName(view, row.org_code);
      const isChosen = view.choice.body === row.org_code;
      return h(
        'li',
        { class: isChosen ? 'chosen' : null },
        h(
          'button',
          {
            type: 'button',
            class: `row bare ${size(row.value) === 0 ? 'zero' : ''}`,
            disabled: size(row.value) === 0,
            'data-focus': `rank-${row.org_code}`,
            'aria-label': `第${row.place ?? '—'}位 ${name} ${figure(row.value)}${chosen.unit}，查看明细`,
            on: {
              click: () =>
                view.drill({
                  figure: chosen.id,
                  title: chosen.name,
                  body: row.org_code,
                  value: figure(row.value),
                }),
            },
          },
          h('span', { class: 'place' }, row.place ?? '—'),
          h('span', { class: 'label' }, name),
          h(
            'span',
            { class: 'track' },
            h('span', { class: 'fill', style: { '--part': (size(row.value) / most) * 100 } }),
          ),
          h('span', { class: 'figure' }, figure(row.value)),
        ),
      );
    }),
  );
}

/** By place; without a value last. @param {readonly Ranked[]} rows */
function inOrder(rows) {
  const place = (/** @type {Ranked} */ row) => row.place ?? Number.MAX_SAFE_INTEGER;
  return rows.toSorted((a, b) => place(a) - place(b) || (a.org_code < b.org_code ? -1 : 1));
}

/**
 * @param {View} view
 * @param {readonly Ranked[]} rows
 * @param {Indicator} chosen
 */
function rankingTable(view, rows, chosen) {
  return table(
    [
      { title: '名次', kind: 'number', value: ({ place }) => place },
      { title: '机构', isHead: true, value: ({ org_code }) => bodyName(view, org_code) },
      {
        title: `${chosen.name}（${chosen.unit}）`,
        kind: 'number',
        value: (row) =>
          drillable(view, row.value, { figure: chosen.id, title: chosen.name, body: row.org_code }),
      },
    ],
    inOrder(rows),
    `各区${chosen.name}排名，${monthOf(view)}`,
  );
}
