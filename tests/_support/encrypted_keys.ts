/** One private key, on P-256, as OpenSSL 3 writes it under many encryptions; the passphrase is "s". */

/** Not encrypted. */
export const PLAIN_KEY: string = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILqfe7ISODlVUuECfWjX/1IToU34Rt2QdFd+7iQoV131oAoGCCqGSM49
AwEHoUQDQgAEd+wDU9XJepG7uURroxBQJB5erN63SoT1n/l7Gr0EjAjvJt91HSvM
vFvYI97rJdoM6BxETATxIXT9En5C/cC7Gg==
-----END EC PRIVATE KEY-----
`;

/** An encryption of the key. */
export interface EncryptedKey {
  /** Its name, as keyEncryption() tells it. */
  readonly name: string;
  /** Whether every runtime opens it. */
  readonly isCommon: boolean;
  readonly pem: string;
}

/** {@linkcode PLAIN_KEY}, encrypted. */
export const ENCRYPTED_KEYS: readonly EncryptedKey[] = [
  {
    name: "PBKDF2, HMAC-SHA256, AES-256-CBC",
    isCommon: true,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjMzaJju4z1RQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKLZ1l2IKLGgJeYI8TGf1GUEgZCM
RISPDgrcMN33d7mRvGQz9WZ0czRomfwHnUHJZS8C5iq1toxOCe2TGokip27eRr3L
/4LhqYhGCAM/Loswqv8YfiNnr/vUeg7lncjKqCQEAgz/YcjSBMim3Lpn35wbS7iZ
+sODgRtJkqDc28wzo/6EdjSUTGYInPGJmnabnvDy3/RO9H8mbigwNY3dRilkLHY=
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBKDF2, HMAC-SHA256, AES-128-CBC",
    isCommon: true,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi4k9qtSCY4MAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEECFL60JNMKCdrsUJ+BsP2BkEgZDd
FnqzoUuKAnoIRk9p529wXbTuK7m4SNdIDYsg8UhOL2KbmkUSlnpo7OP2h8C/bceS
I+yYu9GxRGFdeNX8dw+PHFvcha6bUdgT4TwyBU3sILivvgOceD60yMtQWuvEsab/
V0Z7EKz5jw/9xyzyFe/HrDaDSOfXzpWcKajmf21CCcxyBluMKm+Zi/7xRehpelQ=
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBKDF2, HMAC-SHA1, AES-256-CBC",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAixEhbQVVEMcAICCAAw
HQYJYIZIAWUDBAEqBBCJgL4Ok7evk6IVvGAYNMl4BIGQW2bunLgWabbobLOLFE1H
XZCzzd9Ud2E/HZCWbaYiFdatRzYKf31NVIA4CNkedCimCyphKG6Xx7mz2Rpor/wJ
pnN0cBBfgiuMk/n9lsTo7WsLhEvO3qKcKdWZRgG1S0vhz4/9z5cs2cJ8PZrX9Pso
U1QiAxyave7WB00SRtgSLtHbsE78wRPTm8X4mDGZf5lE
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBKDF2, HMAC-SHA512, AES-256-CBC",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgm+No6MRBW5AICCAAw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEASoEEFxBSWObzYaQsb5hCj46HPwEgZBY
QkCx/vA/lJnN49p++GBHsKzAeVEFvUNVQiRtaSd2R6++yuTcvkHdG8v5aRTIwxqE
glQgjgV8J6dn8tTn/jowWVEMhQa1GWwvcGT3/VXqAVzLNzAyzI634c6WUG5rFCCG
PA3i2CVcRbZtKJf8uRec75hp4iL8mMFvogSCCAkXAjV0uJp/TLeqpL+pKmyj0h8=
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBKDF2, HMAC-SHA256, DES-EDE3-CBC",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAhbPXv5UZY+JAICCAAw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIQ1sXbeI9pu8EgZBWEhmRpIcN3GB7
W17C5NM8XYk7/dHgS7eYsZsBYUp/yJ2m5VzSozxpDV8M+0Qw4gvLSJ8EXxtoBfNX
vtnKM5Df8s9gl2+gjXvxmhPkrzc6S0tlumyIujq12Ulp0YHYTRKSPBJrgnp+pbBB
bro6lU0K/D7SwUkKuNp5bON5d0ZS+W4LhYvpVmPJkuQswq6XbEM=
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBKDF2, HMAC-SHA256, 1.2.392.200011.61.1.1.1.2",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHuMFkGCSqGSIb3DQEFDTBMMCkGCSqGSIb3DQEFDDAcBAhO1hYj+2SQIgICCAAw
DAYIKoZIhvcNAgkFADAfBgsqgwiMmks9AQEBAgQQF63TSF6SVGIMfALZeSeS2wSB
kGWF8M0s70UeiiASOKxQ5t4TBovQkiwo+AEioBCYaIx1t6Y1CorDA5CPraWvxHbp
b9i58rBz0fy10BeU1DzYYllXn+x/tpS5sJqOChOVFzrRkfQX5qKU8CmmKwdkzvRq
gHoUHv3ZeQA3jTqdAM3v2C1Ui/FXJ7XhyzK4HYersY7A6blzZbo6xlZwE0h+TJ4v
ow==
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "scrypt, AES-256-CBC",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAj3ltORmkcHAQICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBDigm5aWR5lJuVEkxRUowevBIGQ0boiH74vnF8h
rQRaiyDqM64jQ/U+ZpVTjrz33U937PJcrKradcWQ9mAPdrt69QzigMAocGFISi3k
PFnXE72HVyTAgD/TB/AV8FZnVHwomaAnWhatmnpx08qXiVo2igMGJ/bZ3KWn/wm4
LHwYMcK95Tk1FDzHbuv50TmQYZeqon7NsbOdEYl41LszzI80Scbl
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBE-SHA1-3DES",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIXkek5dPK5x4CAggABIGQ3c6qo12t7ZDDFBsL
O8rNTXSjeoFEFh79F4r1MtrECNgKDJkxq3rkBt1/K0cLjzTCx56vT/Rn9GWROTbZ
ORJtrTrt9yMADARElAHn8i2D+5k/1y5uAQYQIkpT4n8mraX9kgp9Po2AOXw5dsG1
l1A7v9bwX61I98t/hVmr9Br+TdViG1aHyU9nlgU/l6bAgpCQ
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "PBE-MD5-DES",
    isCommon: false,
    pem: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGwMBsGCSqGSIb3DQEFAzAOBAi6Z1sNKOJrwAICCAAEgZD4LWfgfvSBco8w/mY6
1w8LQayVuutzj5flgggWUQ4cnpB15jSsB/YYmvend6HesPZNdh9MJOrvrewUHV/d
W1rEdn+zr4DsWxJjsMYeu79k2On4pioqSKh1XGGowIXuv6hu6ssxwwsHTkYJb6Os
wl78VWZ8QhXMZbU3KYBiJDcCrlT/0lFKfYKKSCH8KfUIQOY=
-----END ENCRYPTED PRIVATE KEY-----
`,
  },
  {
    name: "AES-256-CBC",
    isCommon: true,
    pem: `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,73AAEF06C02F29934B153C3F6442AA3B

FcOv0L72278MJvMojFgf8vC7q7iiq45NNY8tmIi/gvI8MQxpMNf3vEkQJd1DxnOw
SaVQnc+7U1Ow8+y/FV4yv4h56DOd9q5whWemQu+Rj0Zt/DhKygoff64/wUx3dQBu
mb2g2IX+Hi4ObcKOojVaifIIkm/9TOVnunokehGQVas=
-----END EC PRIVATE KEY-----
`,
  },
  {
    name: "DES-EDE3-CBC",
    isCommon: true,
    pem: `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: DES-EDE3-CBC,0E733B4AC09A8E5B

RWNHQmkLRTqgosH7lfXq9OQPGoja0IgoO5mmDpU9Qno2DyQRGG98M/A0pkZf4XJ0
74TBKZ5MgFiZ/0UIL/Rk0xz58pSnqfjpyiwsDsAlhb1C04gtsHbehb+3Z2teq/jB
DiZSmKaYSFPsmoyZXI3YMertsWHZqY0r0vbkvrsbITo=
-----END EC PRIVATE KEY-----
`,
  },
  {
    name: "CAMELLIA-256-CBC",
    isCommon: false,
    pem: `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: CAMELLIA-256-CBC,0A537D5B5B82508414C2F91CBDD692AF

94UeZ3q9RF2ViE/2D71KDPhlSsIpHz2Ztoc8k98k+HBs0R908MB7/Ecxsb/JimDi
4zYjzRR1tKMRFJ54fVmn2iBCY1mtDo3gQKya+ssHtVrwtWVCi7lM8aMg4Jnu5q+o
4k/2j44so+Ibs9Wbojzjij1JvIY3u2m3HXjzl0IEYYI=
-----END EC PRIVATE KEY-----
`,
  },
];
