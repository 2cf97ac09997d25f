/** The certificate of `--ssl-dev`: for this machine, in memory, believed by nobody. */
import type { SslIdentity } from "../../config/options/tls.ts";
import type { ListenTarget } from "../../runtime/types.ts";
import { issueCertificate } from "../../tls/certificate.ts";
import { checkIdentity } from "../../tls/identity.ts";

const DAY_MS = 86_400_000;
/** Longer than a development server runs; what browsers accept at all ends at 398 days. */
const VALID_DAYS = 90;

const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];
/** Addresses that stand for every interface: nobody connects to them by name. */
const ANY: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

/** A certificate in memory. */
export interface DevelopmentCertificate {
  readonly identity: SslIdentity;
  /** Host names and addresses it is for. */
  readonly names: readonly string[];
  /** SHA-256: 32 pairs of hexadecimal digits with colons between. */
  readonly fingerprint: string;
}

/** Makes one for the loopback names and the hosts of `targets`. */
export function developmentCertificate(
  targets: readonly ListenTarget[],
): DevelopmentCertificate {
  const hosts = targets.map((target) =>
    target.kind === "tcp" ? target.host : ""
  )
    .filter((host) => !ANY.has(host));
  const names = [...new Set([...LOCAL_NAMES, ...hosts])];
  const now = Date.now();
  const { cert, key } = issueCertificate({
    subject: [["O", "Tricorn development certificate"], ["CN", "localhost"]],
    names,
    purposes: ["server"],
    notBefore: new Date(now - DAY_MS), // clocks differ
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
  });
  const checked = checkIdentity(
    { cert, key, passphrase: undefined },
    new Date(),
  );
  if ("reason" in checked) throw new Error(checked.reason);
  return { identity: { cert, key }, names, fingerprint: checked.fingerprint };
}
