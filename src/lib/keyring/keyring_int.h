/* keyring, inside: making and issuing. */
#ifndef CAM_KEYRING_INT_H
#define CAM_KEYRING_INT_H

#include "keyring/keyring.h"

/* Names of the files of the ring. */
#define KEYRING_FILE_ID "id"
#define KEYRING_FILE_MASTER "master"
#define KEYRING_FILE_TICKET "ticket"
#define KEYRING_FILE_CRL "revoked"
#define KEYRING_FILE_ACTIVITY "activity"
#define KEYRING_FILE_JWT "jwt"
#define KEYRING_FILE_REQUEST "request"
#define KEYRING_FILE_UPLOADED "uploaded"

const char *keyring_ca_file(enum keyring_ca_id ca);
const char *keyring_leaf_file(enum keyring_leaf_id leaf);

/* Sets id and the names made from it. */
void keyring_set_id(struct keyring *k, const char *id);

/* A new key and certificate for an authority, in memory. */
void keyring_ca_make(struct keyring *k, enum keyring_ca_id ca);
/* A certificate for the leaf's present key and names, in memory. */
void keyring_leaf_issue(struct keyring *k, enum keyring_leaf_id leaf, int64_t now);
/* The names a leaf has when nobody gave any. */
void keyring_leaf_default_names(struct keyring *k, enum keyring_leaf_id leaf);

/* Reads the key of tokens.  A missing one is made later; a damaged one is no reason to stop: tokens signed
 * with it end, nothing else. 0, or -1 with errno when the system failed. */
int keyring_jwt_load(struct keyring *k);

/* Reads the request and the uploaded certificate.  Damaged ones are said and not used: the appliance has its own. 0, or -1
 * with errno and *what when the system failed. */
int keyring_uploaded_load(struct keyring *k, const char **what);

int keyring_ca_write(const struct keyring *k, int dir, enum keyring_ca_id ca);
int keyring_leaf_write(const struct keyring *k, int dir, enum keyring_leaf_id leaf);
/* SHA-256 of the certificate of the authority that signs the leaves. */
void keyring_leaf_issuer(const struct keyring *k, uint8_t out[32]);

/* Common name of an authority. */
void keyring_ca_name(const struct keyring *k, enum keyring_ca_id ca, char out[X509_COMMON_MAX + 1]);

/* ---- crl.c ---- */

/* A new list with what is to be on it, in memory. */
void keyring_crl_issue(struct keyring *k, int64_t now);
/* Puts the leaf's present certificate on a new list, in memory, unless it has ended. */
void keyring_crl_revoke(struct keyring *k, enum keyring_leaf_id leaf, int64_t now);
/* Is the leaf's present certificate on the list? */
bool keyring_crl_lists(const struct keyring *k, enum keyring_leaf_id leaf);
int keyring_crl_write(const struct keyring *k, int dir);
/* Reads the list; one that is damaged, missing or foreign becomes an empty one that is due. */
enum keyring_state keyring_crl_load(struct keyring *k);
/* Reads the content of its file; 0, or -1 when it is malformed or of another authority. */
int keyring_crl_get(struct keyring_crl *crl, const uint8_t *record, size_t len, const uint8_t issuer[32]);
bool keyring_crl_due(const struct keyring *k, int64_t now);

/* Makes a whole ring in memory and on the disk, as directory `final` of dir.
 * 0, or -1 with errno and *what. */
int keyring_make(struct keyring *k, int dir, const char *final, int64_t now, const char **what);

#endif
