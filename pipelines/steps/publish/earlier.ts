/** The publications that a new one is compared with; their bytes are verified before they are read. */
import { type Period, previousPeriod, samePeriodLastYear } from '../../../schemas/period.ts';
import type { PublicationManifest } from '../../../schemas/publication.ts';
import type { Home } from '../../runtime/home.ts';
import type { Ledger, Publication } from '../../runtime/ledger.ts';
import { readFolder, verifiedArtefact } from './folder.ts';
import { publicationDir } from './publication.ts';

export interface EarlierPublication {
  readonly publication: Publication;
  readonly manifest: PublicationManifest;
  readonly dir: string;
  readonly datasetFile: string;
  readonly caseFactsFile: string;
  readonly mediationFactsFile: string;
  readonly membershipFile: string;
}

export interface EarlierPublications {
  readonly previous: EarlierPublication | undefined;
  readonly same: EarlierPublication | undefined;
  readonly lastYear: EarlierPublication | undefined;
}

/**
 * Find the publications in force of the period before, of this period, and of the same period a year ago.
 * @throws ArbdataError E_ARTEFACT_DAMAGED when one does not have the bytes that were published
 */
export async function findEarlier(
  home: Home,
  ledger: Ledger,
  product: string,
  period: Period,
): Promise<EarlierPublications> {
  const open = async (one: Period): Promise<EarlierPublication | undefined> => {
    const publication = await ledger.latestPublication(product, one.text);
    return publication === undefined ? undefined : openPublication(home, publication);
  };
  return {
    previous: await open(previousPeriod(period)),
    same: await open(period),
    lastYear: await open(samePeriodLastYear(period)),
  };
}

/** One publication with its dataset, frozen facts and membership, verified. */
async function openPublication(home: Home, publication: Publication): Promise<EarlierPublication> {
  const dir = publicationDir(home, publication);
  const manifest = await readFolder(dir, publication.manifestSha256 ?? undefined);
  const named = (name: string) => verifiedArtefact(dir, manifest, (entry) => entry.path === name);
  return {
    publication,
    manifest,
    dir,
    datasetFile: await verifiedArtefact(
      dir,
      manifest,
      ({ path, kind }) => kind === 'dataset' && path.endsWith('.csv'),
    ),
    caseFactsFile: await named('case-facts.parquet'),
    mediationFactsFile: await named('mediation-facts.parquet'),
    membershipFile: await named('membership.parquet'),
  };
}
