/** What purges have destroyed: nothing asks for it again. */
import type { Publication, PublicationKey } from './runtime/ledger.ts';
import type { Service } from './runtime/service.ts';
import { publicationName } from './steps/publish/publication.ts';

export interface Destroyed {
  publication(one: PublicationKey): boolean;
  snapshot(id: string): boolean;
}

/** How the ledger names a publication that a purge destroyed; a later revision of its period is another one. */
export const destroyedPublication = (one: PublicationKey): string => `publication/${publicationName(one)}`;

/** The publications and snapshots that are gone for good. */
export async function destroyed({ ledger }: Pick<Service, 'ledger'>): Promise<Destroyed> {
  const subjects = await ledger.backups.purged();
  return {
    publication: (one) => subjects.has(destroyedPublication(one)),
    snapshot: (id) => subjects.has(`snapshot/${id}`),
  };
}

/** Publications whose files must be there. */
export async function keptPublications(service: Pick<Service, 'ledger'>): Promise<Publication[]> {
  const gone = await destroyed(service);
  return (await service.ledger.publications()).filter((one) => !gone.publication(one));
}
