"""Address and keys of the store under test, and the boto3 clients made from them."""

import os
from dataclasses import dataclass, replace

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Store:
    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str

    @classmethod
    def from_environment(cls):
        """A store that is not Dray's, if S3_ENDPOINT names one; otherwise None."""
        if "S3_ENDPOINT" not in os.environ:
            return None
        return cls(
            endpoint=os.environ["S3_ENDPOINT"],
            bucket=os.environ["S3_BUCKET"],
            region=os.environ.get("AWS_REGION", "us-east-1"),
            access_key=os.environ["AWS_ACCESS_KEY_ID"],
            secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        )

    def but(self, **changes):
        return replace(self, **changes)

    def client(self, **config):
        """A boto3 client with its default settings, except that it never retries, so that no failure is hidden."""
        settings = {
            "signature_version": "s3v4",
            "s3": {"addressing_style": "path"},
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 5,
            "read_timeout": 60,
            "max_pool_connections": 32,
        }
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(**(settings | config)),
        )

    def environment(self):
        """The variables from which aws-cli and other tools take the store's address and keys, without the caller's own settings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
