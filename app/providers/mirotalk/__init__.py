"""MiroTalk SFU, self-hosted. https://docs.mirotalk.com/mirotalk-sfu/"""
