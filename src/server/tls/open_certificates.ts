/** From the options of TLS to certificates in use. */
import type { Config } from "../../config/config.ts";
import type { SslIdentity } from "../../config/options/tls.ts";
import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../logging/logger.ts";
import { runtime } from "../../runtime/mod.ts";
import type { TlsSettings } from "../../runtime/types.ts";
import { Certificates } from "./certificates.ts";
import {
  type DevelopmentCertificate,
  developmentCertificate,
} from "./development_certificate.ts";
import { loadTls, tlsFiles } from "./tls_material.ts";

export { tlsExtension } from "../../connection/scope/tls_extension.ts";

/**
 * Reads, checks and sets up what the options of `config` ask for.
 *
 * @param made The certificate for development, if it is made already.
 * @throws ConfigError with exit code 3 if something cannot be used.
 */
export async function openCertificates(
  config: Config,
  logger: Logger,
  made?: SslIdentity,
): Promise<Certificates> {
  const { options } = config;
  // Made once: a reload must not change what somebody compared with the line printed.
  const development = options.sslDev && made === undefined
    ? developmentCertificate(config.listenTargets)
    : undefined;
  const certificates = await Certificates.open({
    load: async () => {
      const material = await loadTls(
        options,
        made ?? development?.identity,
      );
      if (options.proxyProtocol) demandOneIdentity(material.settings);
      return material;
    },
    files: tlsFiles(options),
    runtime,
    logger,
  });
  if (development !== undefined) tell(development, logger);
  return certificates;
}

/** Makes the certificate for development, and logs it: for processes that are to show the same. */
export function makeDevelopmentIdentity(
  { listenTargets }: Config,
  logger: Logger,
): SslIdentity {
  const development = developmentCertificate(listenTargets);
  tell(development, logger);
  return development.identity;
}

/** @throws ConfigError where a choice of certificates would always be the first. */
function demandOneIdentity({ identities }: TlsSettings): void {
  if (identities.length === 1 || runtime.supportsSniOnAcceptedSockets) return;
  const { name, version } = runtime;
  throw new ConfigError(
    `Cannot use several certificates with the option "proxyProtocol" on ${name} ${version}, ` +
      "which does not hear the name there: use one certificate for all names",
  );
}

function tell(
  { names, fingerprint }: DevelopmentCertificate,
  logger: Logger,
): void {
  logger.info(
    `Development certificate for ${
      names.join(", ")
    }, SHA-256 fingerprint ${fingerprint}`,
  );
}
