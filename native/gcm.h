/* AES-256-GCM by the libcrypto that the interpreter has loaded itself (its `hashlib` needs it), through OpenSSL's EVP functions.
 *
 * `cryptography` brings an OpenSSL of its own, and makes a context for each key: with millions of keys that are used three
 * times each, making contexts is dearer than encrypting. Here one context takes one key after another. See ADR 0012.
 */
#ifndef LEXGATE_GCM_H
#define LEXGATE_GCM_H
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#define GCM_KEY 32
#define GCM_NONCE 12
#define GCM_TAG 16
#define EVP_GET_TAG 0x10

/* As <openssl/evp.h> declares them, which need not be there to build this. */
typedef struct {
    void *(*context_new)(void);
    const void *(*fetch)(void *library, const char *name, const char *properties);
    int (*init)(void *context, const void *cipher, void *engine, const unsigned char *key, const unsigned char *nonce);
    int (*update)(void *context, unsigned char *out, int *made, const unsigned char *in, int size);
    int (*final)(void *context, unsigned char *out, int *made);
    int (*control)(void *context, int what, int size, void *out);
    void *context; /* one for all keys: each message begins with its own */
} Gcm;

/* Whether that libcrypto is there and knows the cipher. */
static int gcm_open(Gcm *gcm) {
    void *library = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
    if (library == NULL) return 0;
    *(void **)&gcm->context_new = dlsym(library, "EVP_CIPHER_CTX_new");
    *(void **)&gcm->fetch = dlsym(library, "EVP_CIPHER_fetch");
    *(void **)&gcm->init = dlsym(library, "EVP_EncryptInit_ex");
    *(void **)&gcm->update = dlsym(library, "EVP_EncryptUpdate");
    *(void **)&gcm->final = dlsym(library, "EVP_EncryptFinal_ex");
    *(void **)&gcm->control = dlsym(library, "EVP_CIPHER_CTX_ctrl");
    if (!gcm->context_new || !gcm->fetch || !gcm->init || !gcm->update || !gcm->final || !gcm->control) return 0;
    const void *cipher = gcm->fetch(NULL, "AES-256-GCM", NULL); /* held as long as the process lives */
    gcm->context = cipher == NULL ? NULL : gcm->context_new();
    return gcm->context != NULL && gcm->init(gcm->context, cipher, NULL, NULL, NULL) == 1;
}

/* Encrypts `text` where it stands and puts the tag behind it. False when OpenSSL would not. */
static int gcm_seal(const Gcm *gcm, const uint8_t *key, const uint8_t *nonce, const char *bound, size_t bound_size, uint8_t *text, size_t size) {
    int made = 0, last = 0;
    void *context = gcm->context;
    return size < 1u << 30 && bound_size < 1u << 30 && gcm->init(context, NULL, NULL, key, nonce) == 1 &&
           (!bound_size || gcm->update(context, NULL, &made, (const uint8_t *)bound, (int)bound_size) == 1) &&
           gcm->update(context, text, &made, text, (int)size) == 1 && (size_t)made == size &&
           gcm->final(context, text + size, &last) == 1 && last == 0 &&
           gcm->control(context, EVP_GET_TAG, GCM_TAG, text + size) == 1;
}
#endif
