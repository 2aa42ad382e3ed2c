/** What purges have destroyed: nothing asks for it again. */
import { fileForm, parsePeriod } from '../schemas/period.ts';
import type { Publication } from './runtime/ledger.ts';
import type { Service } from './runtime/service.ts';

export interface Destroyed {
  publication(one: Pick<Publication, 'product' | 'period'>): boolean;
  snapshot(id: string): boolean;
}

/** The folders and snapshots that are gone for good. */
export async function destroyed({ ledger }: Pick<Service, 'ledger'>): Promise<Destroyed> {
  const subjects = await ledger.backups.purged();
  return {
    publication: ({ product, period }) =>
      subjects.has(`published/${product}`) ||
      subjects.has(`published/${product}/${fileForm(parsePeriod(period))}`),
    snapshot: (id) => subjects.has(`snapshot/${id}`),
  };
}

/** Publications whose files must be there. */
export async function keptPublications(service: Pick<Service, 'ledger'>): Promise<Publication[]> {
  const gone = await destroyed(service);
  return (await service.ledger.publications()).filter((one) => !gone.publication(one));
}
