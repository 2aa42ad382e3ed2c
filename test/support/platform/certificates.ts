/** An authority of the test's own, and certificates that it signed; made with openssl, gone with their folder. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A certificate with its key, as files. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export class Authority {
  readonly #dir: string;
  readonly #own: Certificate;

  /** @param name also the name of its files: two authorities can share a folder */
  constructor(dir: string, name = 'authority') {
    this.#dir = dir;
    this.#own = this.#files(name);
    const { certificateFile, keyFile } = this.#own;
    openssl([
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      keyFile,
      '-out',
      certificateFile,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    ]);
  }

  /** PEM file of the authority's own certificate. */
  get file(): string {
    return this.#own.certificateFile;
  }

  get pem(): string {
    return readFileSync(this.file, 'utf8');
  }

  /** Sign a certificate for a host or a client. */
  sign(name: string, { host = 'localhost', days = 2 }: { host?: string; days?: number } = {}): Certificate {
    const { certificateFile, keyFile } = this.#files(name);
    const request = path.join(this.#dir, `${name}.csr`);
    openssl(['req', '-new', ...KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`]);
    const extensions = path.join(this.#dir, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}\n`);
    const by = ['-CA', this.#own.certificateFile, '-CAkey', this.#own.keyFile, '-CAcreateserial'];
    const out = ['-out', certificateFile, '-days', String(days), '-extfile', extensions];
    openssl(['x509', '-req', '-in', request, ...by, ...out]);
    chmodSync(keyFile, 0o600);
    return { certificateFile, keyFile };
  }

  #files(name: string): Certificate {
    return {
      certificateFile: path.join(this.#dir, `${name}.crt`),
      keyFile: path.join(this.#dir, `${name}.key`),
    };
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] });
}
