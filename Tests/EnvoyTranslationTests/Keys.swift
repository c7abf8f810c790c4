/// A self-signed certificate made for these tests, and its key. Nothing trusts it.
enum Keys {
    static let ca = """
        -----BEGIN CERTIFICATE-----
        MIIBoTCCAUigAwIBAgIUJHvfuD4WAY4wR2SfdG4s593Lz6AwCgYIKoZIzj0EAwIw
        ETEPMA0GA1UEAwwGc2FtcGxlMCAXDTI2MTEyMzA3MTQwNVoYDzIxMjYxMDMwMDcx
        NDA1WjARMQ8wDQYDVQQDDAZzYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AASZpl2Hd8EAsx7P+5/QScV0Brp7qz9593jrwKEkWStxSAoFFH++pag6osP88hKL
        KuBTe5LUlYx2C7udNBLARToJo3wwejAdBgNVHQ4EFgQU8YxFV7wEJe0PWpZEEQ1P
        qccuY5swHwYDVR0jBBgwFoAU8YxFV7wEJe0PWpZEEQ1PqccuY5swDwYDVR0TAQH/
        BAUwAwEB/zAnBgNVHREEIDAeggxzaG9wLmV4YW1wbGWCDiouc2hvcC5leGFtcGxl
        MAoGCCqGSM49BAMCA0cAMEQCIAYT8gx1Jrw0GC77Ud2+eP9eRXFDDGBUAU/LGPSJ
        RfSrAiB69HYaYkJrPiDHdfJaeKeE6pcKrldGXvXvp4MMbbL2dA==
        -----END CERTIFICATE-----
        """
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXqu7OdmgrLKPPrat
        trFQ3r6VJJ/FT2bah8hY/Ix3ClChRANCAASZpl2Hd8EAsx7P+5/QScV0Brp7qz95
        93jrwKEkWStxSAoFFH++pag6osP88hKLKuBTe5LUlYx2C7udNBLARToJ
        -----END PRIVATE KEY-----
        """
}
