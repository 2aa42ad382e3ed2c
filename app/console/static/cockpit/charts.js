/** Charts on canvas. Colours and sizes are those of the page, so that theme, wall screen and paper hold for them, too. */

import { h } from '../lib/dom.js';
import * as echarts from '../vendor/echarts.js';

/** @typedef {import('echarts').EChartsOption} Option */
/**
 * @typedef {{
 *   readonly option: (look: Look) => Option,
 *   readonly click?: (event: { readonly dataIndex: number, readonly seriesName?: string, readonly name: string }) => void,
 *   readonly label: string,
 *   readonly className?: string,
 * }} ChartParts
 */

/** A chart in a place, until that place goes. */
/** @type {Map<HTMLElement, { readonly chart: echarts.ECharts, readonly parts: ChartParts }>} */
const drawn = new Map();

/** What the style sheets say. */
export class Look {
  constructor() {
    const style = getComputedStyle(document.documentElement);
    this.rem = Number.parseFloat(style.fontSize);
    /** @param {string} name */
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.font = this.colour('font');
  }

  /** @param {number} rems */
  px(rems) {
    return Math.round(rems * this.rem);
  }

  /** What all charts share. */
  get common() {
    const colour = this.colour('text-soft');
    return {
      animation: false,
      textStyle: { fontFamily: this.font, fontSize: this.px(0.75), color: colour },
      tooltip: {
        confine: true,
        transitionDuration: 0,
        backgroundColor: this.colour('panel'),
        borderColor: this.colour('line-strong'),
        padding: this.px(0.5),
        textStyle: { color: this.colour('text'), fontSize: this.px(0.8125) },
        extraCssText: 'box-shadow: 0 2px 8px rgb(0 0 0 / 25%)',
      },
    };
  }

  /** Look of an axis. */
  get axis() {
    const line = { lineStyle: { color: this.colour('line') } };
    return {
      axisLine: { lineStyle: { color: this.colour('line-strong') } },
      axisTick: { show: false },
      splitLine: line,
      axisLabel: { color: this.colour('text-soft'), fontSize: this.px(0.75), fontFamily: this.font },
    };
  }
}

/**
 * The place of a chart; it is drawn when it stands on the page and has a size.
 * @param {ChartParts} parts
 */
export function chart(parts) {
  const place = h('div', { class: `chart ${parts.className ?? ''}`, role: 'img', 'aria-label': parts.label });
  watcher.observe(place);
  waiting.set(place, parts);
  return place;
}

/** @type {WeakMap<Element, ChartParts>} */
const waiting = new WeakMap();

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!(target instanceof HTMLElement)) continue;
    if (!target.isConnected) forget(target);
    else if (!hasSize(target)) continue;
    else if (drawn.has(target)) drawn.get(target)?.chart.resize();
    else start(target);
  }
});

/** ECharts throws where it is to draw a map without extent. @param {HTMLElement} place */
const hasSize = (place) => place.clientWidth > 0 && place.clientHeight > 0;

/** @param {HTMLElement} place of some size */
function start(place) {
  const parts = waiting.get(place);
  if (parts === undefined) return;
  const instance = echarts.init(place, null, {
    renderer: 'canvas',
    devicePixelRatio: Math.max(2, devicePixelRatio),
  });
  instance.setOption(parts.option(new Look()));
  if (parts.click !== undefined) {
    const { click } = parts;
    instance.on('click', (event) => click(/** @type {any} */ (event)));
  }
  drawn.set(place, { chart: instance, parts });
}

/** @param {HTMLElement} place */
function forget(place) {
  watcher.unobserve(place);
  drawn.get(place)?.chart.dispose();
  drawn.delete(place);
}

/** Draw all charts again: another theme, another size of letters, paper. */
export function redrawCharts() {
  const look = new Look();
  for (const [place, { chart: instance, parts }] of drawn) {
    if (!place.isConnected) forget(place);
    else {
      if (hasSize(place)) instance.resize();
      instance.setOption(parts.option(look), { notMerge: true });
    }
  }
}

/** Give back what charts hold that are no longer on the page. */
export function dropCharts() {
  for (const place of drawn.keys()) if (!place.isConnected) forget(place);
}

/**
 * A tooltip as elements: names to the left, figures to the right.
 * @param {string} title
 * @param {readonly (readonly [string, string])[]} lines
 */
export function tip(title, lines) {
  return h(
    'div',
    { class: 'tip' },
    h('b', null, title),
    lines.map(([name, value]) => [h('span', null, name), h('span', null, value)]),
  );
}

export { echarts };
