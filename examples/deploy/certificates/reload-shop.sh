#!/bin/sh
# A deploy hook of certbot: /etc/letsencrypt/renewal-hooks/deploy/reload-shop.sh, executable.
# Gives the server, which runs as the user "shop", copies that it may read, and tells it.
set -eu

case " $RENEWED_DOMAINS " in *" shop.example "*) ;; *) exit 0 ;; esac

target=${SHOP_TLS:-/etc/shop/tls}
# A new folder and one rename: the server never sees a certificate beside the key of another.
next=$(mktemp -d "$target.XXXXXX")
cp "$RENEWED_LINEAGE/fullchain.pem" "$RENEWED_LINEAGE/privkey.pem" "$next"
chown -R "${SHOP_USER:-shop}" "$next"
chmod 500 "$next" && chmod 400 "$next"/*.pem
ln -s "$next" "$target.link.$$"
previous=$(readlink "$target" || true)
mv -T "$target.link.$$" "$target"
[ -z "$previous" ] || rm -rf "$previous"

# Files are looked at every two seconds anyhow; this is sooner, and says so in the log.
[ ! -s "${SHOP_PID:-/run/shop/shop.pid}" ] || kill -HUP "$(cat "${SHOP_PID:-/run/shop/shop.pid}")"
