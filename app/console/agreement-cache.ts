/** The agreement as it is handed out: a month is computed once per state of its three sides, whoever looks at what of it. */
import { type MonthAgreement, openAgreement } from '../../pipelines/agreement.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';

export class AgreementCache {
  readonly #service: Service;
  /** Of the month that was asked for last. */
  #known: MonthAgreement | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(service: Service) {
    this.#service = service;
  }

  /**
   * Look at a month, one after the other: what somebody reads from is not replaced meanwhile.
   * @param period a month; absent: the latest
   * @throws ArbdataError as `openAgreement`
   */
  async look<T>(period: string | undefined, read: (month: MonthAgreement) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => read(await this.#open(period)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #open(period: string | undefined): Promise<MonthAgreement> {
    const wanted = period === undefined ? undefined : readPeriod(period);
    const month = await openAgreement(this.#service, wanted, this.#known);
    if (month !== this.#known) this.#known?.close();
    this.#known = month;
    return month;
  }

  /** End the engine behind it. */
  async close(): Promise<void> {
    await this.#turn;
    this.#known?.close();
    this.#known = undefined;
  }
}
