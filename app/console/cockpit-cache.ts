/**
 * The cockpit as it is handed out: read once per version, cut once per body, so that any number of viewers cost little
 * and every answer is of one version.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  type CockpitFreshness,
  type CockpitIndex,
  cockpitFreshness,
  cockpitInForce,
  type PanelDocument,
  type PanelName,
  showCockpit,
} from '../../pipelines/cockpit.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { HttpProblem } from './problem.ts';
import type { ReadyReply } from './route.ts';
import { refuseForeignRows, type Sight } from './sight.ts';

/** What every answer of the cockpit begins with. */
interface CockpitHead {
  readonly version: number;
  readonly asOf: string;
  readonly dataTime: string;
  readonly refreshedAt: string;
  readonly lateAfter: string;
  readonly months: CockpitIndex['months'];
  readonly ratios: CockpitIndex['drillDown']['ratios'];
  readonly snapshotId: string;
  readonly runId: string;
  readonly toolVersion: string;
  readonly body: string;
}

interface Cut {
  /** Of the version that was in force when it was made. */
  readonly indexSha256: string;
  readonly head: CockpitHead;
  readonly panels: readonly PanelDocument[];
  readonly panelsText: string;
  /** What was handed out: the panels by their names, the whole by that of its body. */
  readonly ready: Map<string, ReadyReply>;
}

const WHOLE = 'ALL';
/** More bodies than a city has: whoever asks for other codes fills nothing. */
const MOST_CUTS = 100;

export class CockpitCache {
  readonly #service: Service;
  #indexSha256 = '';
  #cuts = new Map<string, Promise<Cut>>();

  constructor(service: Service) {
    this.#service = service;
  }

  /** The whole version in force as an account sees it. @throws ArbdataError E_NOTHING_YET before the first refresh */
  async whole(sight: Sight, wanted?: string): Promise<ReadyReply> {
    const cut = await this.#cut(sight, wanted);
    const { head, panelsText } = cut;
    const freshness = await cockpitFreshness(this.#service, head);
    const start = JSON.stringify({ ...head, freshness: shownFreshness(freshness) }).slice(0, -1);
    const tag = tagOf(`${cut.indexSha256}\0${start}`);
    const known = cut.ready.get(head.body);
    if (known?.tag === tag) return known;
    return keep(cut, head.body, `${start},"panels":${panelsText}}`, tag);
  }

  /**
   * One panel.
   * @param wanted.version of which the client has the others
   * @throws HttpProblem `other-version` where another one is in force by now
   */
  async panel(
    sight: Sight,
    wanted: {
      readonly panel: PanelName;
      readonly version?: number | undefined;
      readonly body?: string | undefined;
    },
  ): Promise<ReadyReply> {
    const cut = await this.#cut(sight, wanted.body);
    const { head, panels } = cut;
    if (wanted.version !== undefined && wanted.version !== head.version)
      throw new HttpProblem('other-version');
    const known = cut.ready.get(wanted.panel);
    if (known !== undefined) return known;
    const panel = panels.find((one) => one.panel === wanted.panel);
    if (panel === undefined) throw new HttpProblem('not-found');
    const text = JSON.stringify({ ...head, panel });
    return keep(cut, wanted.panel, text, tagOf(text));
  }

  async #cut(sight: Sight, wanted: string = sight.body ?? WHOLE): Promise<Cut> {
    sight.require(wanted);
    const indexSha256 = cockpitInForce(this.#service);
    if (indexSha256 !== this.#indexSha256) {
      this.#indexSha256 = indexSha256;
      this.#cuts = new Map();
    }
    const cuts = this.#cuts;
    const known = cuts.get(wanted);
    if (known !== undefined) return known;
    const made = this.#make(sight, wanted, indexSha256);
    if (cuts.size < MOST_CUTS) cuts.set(wanted, made);
    // A body that does not exist, or a damaged file, is looked at again.
    made.catch(() => cuts.delete(wanted));
    return made;
  }

  async #make(sight: Sight, body: string, indexSha256: string): Promise<Cut> {
    const { index, panels } = await showCockpit(this.#service, body === WHOLE ? {} : { org: body });
    refuseForeignRows(sight, panels);
    const { version, asOf, dataTime, refreshedAt, lateAfter, months, snapshotId, runId, toolVersion } = index;
    const { ratios } = index.drillDown;
    const head = {
      version,
      asOf,
      dataTime,
      refreshedAt,
      lateAfter,
      months,
      ratios,
      snapshotId,
      runId,
      toolVersion,
      body,
    };
    return { indexSha256, head, panels, panelsText: JSON.stringify(panels), ready: new Map() };
  }
}

function keep({ ready }: Cut, name: string, json: string, tag: string): ReadyReply {
  const text = Buffer.from(json);
  const reply = { text, gzip: gzipSync(text, { level: 5 }), tag };
  ready.set(name, reply);
  return reply;
}

const tagOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Of an error its code and time: what it says is for those who see runs. */
function shownFreshness({ ageHours, isLate, lastError }: CockpitFreshness): object {
  if (lastError === undefined) return { ageHours, isLate, lastError: null };
  const { code, runId, startedAt } = lastError;
  return { ageHours, isLate, lastError: { code, runId, startedAt } };
}
