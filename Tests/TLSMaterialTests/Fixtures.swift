/// Pairs that our own authority cannot make, written by OpenSSL 3.0 for these tests alone.
enum Fixtures {
    /// RSA, 1024 bits.
    static let weakChain = """
        -----BEGIN CERTIFICATE-----
        MIICJTCCAY6gAwIBAgIUfGLZ7H4Q6sTfNf8KRltWlEw2bYcwDQYJKoZIhvcNAQEL
        BQAwFzEVMBMGA1UEAwwMd2Vhay5leGFtcGxlMCAXDTI2MTEyMzA2NDIyNFoYDzIx
        MjYxMDMwMDY0MjI0WjAXMRUwEwYDVQQDDAx3ZWFrLmV4YW1wbGUwgZ8wDQYJKoZI
        hvcNAQEBBQADgY0AMIGJAoGBAO/dawfev68PP6xvZ75cSeLrH1cY/eU3Clr/d2BA
        0RIQt6u0BaeSooQqskrp9yehDi2TNQY2Gs9I91ka7LmCuw1oIX6dTpmElBME6672
        1dB0EgAPIuTqGfVXKRy2nIBUwArxtkwSurUUvo9zlFfz5vbc31EM2JIc8VWdxSCC
        rbrnAgMBAAGjbDBqMB0GA1UdDgQWBBRaI4iNSU1N06lAj/fuwjAgzLuR9TAfBgNV
        HSMEGDAWgBRaI4iNSU1N06lAj/fuwjAgzLuR9TAPBgNVHRMBAf8EBTADAQH/MBcG
        A1UdEQQQMA6CDHdlYWsuZXhhbXBsZTANBgkqhkiG9w0BAQsFAAOBgQDD8htPgl54
        LQtdlTRM+A78bNe6iZqYfgUAXgzRyeZieHsHsGgOqJ9VSGlh/5Lq+c74ceboUYEk
        tby6f21Ga+blk6nADjGSmZotN8z3LIQ77ZJpJ1KLlAF5X702LJOhMDEL4PLLrYbG
        2WA4bkkSNEoH1cL0QL2Qs11sXO+VW2+0vQ==
        -----END CERTIFICATE-----
        """

    /// The key of `weakChain`.
    static let weakKey = """
        -----BEGIN PRIVATE KEY-----
        MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAO/dawfev68PP6xv
        Z75cSeLrH1cY/eU3Clr/d2BA0RIQt6u0BaeSooQqskrp9yehDi2TNQY2Gs9I91ka
        7LmCuw1oIX6dTpmElBME66721dB0EgAPIuTqGfVXKRy2nIBUwArxtkwSurUUvo9z
        lFfz5vbc31EM2JIc8VWdxSCCrbrnAgMBAAECgYAcG9ZvFatg2GidzHBb3nTKIsOJ
        cWRPeCO+hjF3FiFp/IuJk48WFBj3ZAmAveo4uqbusFGGaNC7edGCn6UeGDPTJEp+
        F/PLb0EWc94tcKt96eyaFvVKQELSv/UCQxupjCFnWhNVFkLu0Xl51ExxQhruTgUC
        15ZVkq3dZud7oCHQAQJBAPwfEZYFvrKxj/tmBO1uFFGgBRXPpk9bcUCXTyG5kqsE
        Ds47+plcGmtXv3e/ACE45NHXRx/2SHnZDN3RiI4Zno0CQQDzjhRp42iVu+vwTRZX
        gepaoMenvvAE+Z2Ycbqk9KPNos1bHyVrxNW2/eb9wfU0aDCtlmj42D+8lIxS/Rv3
        3SxDAkBiPLjde9+SQR2ZF2dUHFBOfct9dCuZQEggotRyj5xWhn4+XaCHoRuqN8aj
        Igkq6MBAA2HzUkNrNueMhthuhg0BAkA6mTygHW7UV9p0fpeZhlB0baqb2Xy2NbiN
        LQ/TEGk42Kq/+cZvH3SsCnrBIyFz8n2DxmSLOrxbCwKYFP3drQExAkB5FN6IzxBx
        TUkp1FYiizpIGvp242lfwAQquKghTrHXj4SQ1w/rW9eYOlIhc3Ky0sok9E6/UacC
        ATEEYyv9gQ6E
        -----END PRIVATE KEY-----
        """

    /// Ed25519, which the proxy takes for no server key.
    static let ed25519Chain = """
        -----BEGIN CERTIFICATE-----
        MIIBQDCB86ADAgECAhRXEHukk2+cCoM+QQ7kKq41SqoD1jAFBgMrZXAwFTETMBEG
        A1UEAwwKZWQuZXhhbXBsZTAgFw0yNjExMjMwNjQyMjRaGA8yMTI2MTAzMDA2NDIy
        NFowFTETMBEGA1UEAwwKZWQuZXhhbXBsZTAqMAUGAytlcAMhAEFfPSHuh2jZrz0P
        o2R8DY4shLrvBPrYP4ZgPCZ1pz8Ho1MwUTAdBgNVHQ4EFgQUM5TzdIHicLpuvjR8
        SayYNZumtB4wHwYDVR0jBBgwFoAUM5TzdIHicLpuvjR8SayYNZumtB4wDwYDVR0T
        AQH/BAUwAwEB/zAFBgMrZXADQQAOn76NcoJqSq3z0+VhnbUo+2VuoIhxz9u4UOMW
        QlyEdydTGucjkxHq4e+pGpuIUdqYZ871KLF+KwDrsZSck2sF
        -----END CERTIFICATE-----
        """

    /// The key of `ed25519Chain`.
    static let ed25519Key = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJeThd1iMb76YFwv6yBxJPJeZHOz8hyYnyuT+Yj7wVDr
        -----END PRIVATE KEY-----
        """

    /// Preceded by text, as `openssl x509 -text` writes it.
    static let sec1Chain = """
        Certificate:
            Data: ...
        -----BEGIN CERTIFICATE-----
        MIIBnzCCAUSgAwIBAgIUN/9x5y2jdZu2pJhxubdSpc0Uj58wCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMc2VjMS5leGFtcGxlMCAXDTI2MTEyMzA2NDIyNFoYDzIxMjYx
        MDMwMDY0MjI0WjAXMRUwEwYDVQQDDAxzZWMxLmV4YW1wbGUwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAQRS294eSU9657gWGtF4nr/80i2NBs5agvjM4jAYMskn5qM
        Rf97Zar7Sqf/8woySRMBzoOevEQpm4cjOcn1Cdvto2wwajAdBgNVHQ4EFgQUB899
        IFYapNYNMtCRvc2+6kr9q4AwHwYDVR0jBBgwFoAUB899IFYapNYNMtCRvc2+6kr9
        q4AwDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxzZWMxLmV4YW1wbGUwCgYI
        KoZIzj0EAwIDSQAwRgIhAPF7o4Z6vGJn5i+2QTxxbfPmbDQumVeu2dHLAs5udphd
        AiEAjtrSyILCgIql4e2fEVHvz+RqoBBSxw+z+zBsftgpkPc=
        -----END CERTIFICATE-----
        """

    /// Preceded by `EC PARAMETERS`, as `openssl ecparam -genkey` writes it.
    static let sec1Key = """
        -----BEGIN EC PARAMETERS-----
        BggqhkjOPQMBBw==
        -----END EC PARAMETERS-----
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIHTCAIjhrNyIscOK8fFnaVz42w6jr0IvgFzDCKlvPicXoAoGCCqGSM49
        AwEHoUQDQgAEEUtveHklPeue4FhrReJ6//NItjQbOWoL4zOIwGDLJJ+ajEX/e2Wq
        +0qn//MKMkkTAc6DnrxEKZuHIznJ9Qnb7Q==
        -----END EC PRIVATE KEY-----
        """

    /// Demands a stapled OCSP answer (RFC 7633).
    static let stapleChain = """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUKgAwIBAgIUXfyv4vPdd8gFhK67VwuLjCu1ln4wCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOc3RhcGxlLmV4YW1wbGUwIBcNMjYxMTIzMDY0MjI0WhgPMjEy
        NjEwMzAwNjQyMjRaMBkxFzAVBgNVBAMMDnN0YXBsZS5leGFtcGxlMFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAER9ApqB/KsHvkbeiiRphJpgVNywiGec0H4Mg64Dqj
        EDpzPOZkIKd7GA/XyNGSj+tE1o5Gkc7gIa45i3vZTxxOhKNmMGQwHQYDVR0OBBYE
        FKfj7knsNaL/yzUYZNX6DmLFkJYWMB8GA1UdIwQYMBaAFKfj7knsNaL/yzUYZNX6
        DmLFkJYWMA8GA1UdEwEB/wQFMAMBAf8wEQYIKwYBBQUHARgEBTADAgEFMAoGCCqG
        SM49BAMCA0cAMEQCIDenujX2p0kTLowSo1rmiC6opMR5BpyP2NeI+jwr1l8dAiAo
        EVgzouHjQtGT9gZOIoSBzbkG0XQxvB7dzIjFBAVx2g==
        -----END CERTIFICATE-----
        """

    /// The key of `stapleChain`.
    static let stapleKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRCWYdgHxUf2mvjYf
        z6CibVqujRdyTXOfz6bBY6k1xsOhRANCAARH0CmoH8qwe+Rt6KJGmEmmBU3LCIZ5
        zQfgyDrgOqMQOnM85mQgp3sYD9fI0ZKP60TWjkaRzuAhrjmLe9lPHE6E
        -----END PRIVATE KEY-----
        """

    /// `sec1Key` behind a passphrase.
    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjFtwooQR3SVgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMO1Twjq4maExLNXAxWznmUEgZAA
        jOSo2i3xReThONgSu1MKUKU808Fc/c4jPtAaYR75pxzmuQgJ9BNtEv1mvogeuhMH
        kxArVD3RuIEkwjvisS8W3WEQtwZ+RqoIT9oSLsnJce1yPJY/JfVvNwQ5flZc+NnK
        i1d3IVlWfiXFfOYOGnuD2zyH4SB841XZl2BULzKklavnwp+/x/Uucsk/ll2EMfk=
        -----END ENCRYPTED PRIVATE KEY-----
        """
}
